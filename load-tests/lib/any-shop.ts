import { sleep } from 'k6';
import { test } from 'k6/execution';
import http from 'k6/http';
import { apiUrl, createSale, requireReadyTarget, type Item, type TextResponse } from './api.ts';
import { buyOne, note } from './checkouts.ts';
import { config } from './config.ts';
import type { Answer, Outcome, Request, Sold, Step, Target } from './target.ts';

/** k6's own. `import` takes no name that is known only when the test runs. */
declare function require(file: string): { default?: Target };

const STEPS = ['openSale', 'checkout', 'sold'] as const;

/** The shop that TARGET tells of, if it is not this one. */
export const target = config.target ? loaded(config.target) : undefined;

/** Of so many buyers one presses twice. */
const IMPATIENT = 10;
/** How long a shop may take for an answer. */
const TIMEOUT = '10s';

/** Ends the test unless the sale was opened. */
export function openSale(items: Item[]) {
  const stock = items.reduce((sum, item) => sum + item.stock, 0);
  if (target) return { saleId: openAt(target, items), stock };
  requireReadyTarget();
  return { saleId: createSale(items), stock };
}

/** One buyer who has never bought before asks for one unit. */
export function buy(saleId: string, sku: string, buyer: string, n: number): void {
  if (target) buyAt(target, saleId, sku, `buyer-${buyer}-${n}`, n);
  else buyOne(saleId, sku, buyer, n);
}

/** Tells whoever judges the sale what the shop says it has sold. */
export function reportSold(shop: Target, saleId: string): void {
  const deadline = Date.now() + config.drainTimeoutSeconds * 1000;
  let sold = askForSold(shop, saleId);
  while (sold.pending && Date.now() < deadline) {
    sleep(0.25);
    sold = askForSold(shop, saleId);
  }
  tell({ sold, query: shop.query });
}

function openAt(shop: Target, items: Item[]): string {
  const answer = send(
    0,
    built('openSale', () => shop.openSale.request({ items })),
  );
  const saleId = read('openSale', shop.openSale, answer) as unknown;
  if (typeof saleId === 'string' && saleId) return saleId;
  return end(
    `openSale.read of ${config.target} gives ${JSON.stringify(saleId)} for the id of a sale, ${told(answer)}`,
  );
}

function buyAt(shop: Target, saleId: string, sku: string, buyer: string, n: number): void {
  const asked = { saleId, sku, buyer, key: `${saleId}-${buyer}` };
  const request = asBatch(
    n,
    built('checkout', () => shop.checkout.request(asked)),
  );
  const answers = http.batch(n % IMPATIENT === 0 ? [request, request] : [request]) as TextResponse[];
  for (const answer of answers) {
    // No answer is nothing to be read.
    const outcome = answer.status === 0 ? undefined : read('checkout', shop.checkout, answer);
    const order = typeof outcome === 'object' && outcome?.order;
    if (order) tell({ promised: { id: order, buyer } });
    note(answer, order ? 'accepted' : (outcome as Exclude<Outcome, object>));
  }
}

function askForSold(shop: Target, saleId: string): Sold {
  const answer = send(
    0,
    built('sold', () => shop.sold.request({ saleId })),
  );
  const sold = read('sold', shop.sold, answer);
  if (Number.isInteger(sold?.units)) return sold;
  return end(`sold.read of ${config.target} gives no number of units, ${told(answer)}`);
}

/** For who reads what this run prints. */
const tell = (what: object) => console.log(JSON.stringify(what));

const told = ({ status, body, error }: TextResponse) => `but the shop answered ${status} ${error || body}`;

/** Ends the test unless there was an answer. */
function send(n: number, request: Request): TextResponse {
  const [answer] = http.batch([asBatch(n, request)]) as TextResponse[];
  if (answer!.status !== 0) return answer!;
  return end(`The shop at ${apiUrl(n)} does not answer ${request.path} (${answer!.error}).`);
}

function asBatch(n: number, { path, headers, body, method = body ? 'POST' : 'GET' }: Request) {
  const url = `${apiUrl(n)}${path}`;
  const params = {
    headers: { ...(body && { 'Content-Type': 'application/json' }), ...headers },
    responseType: 'text' as const,
    timeout: TIMEOUT,
    tags: { name: 'target' },
  };
  return { method, url, body: body && JSON.stringify(body), params };
}

const built = (step: string, request: () => Request) => attempted(`${step}.request`, request);
const read = <T>(step: string, { read: readFrom }: Step<never, T>, answer: Answer) =>
  attempted(`${step}.read`, () => readFrom(answer));

/** Ends the test where the module throws. */
function attempted<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    return end(`${what} of ${config.target} throws: ${(error as Error).message}`);
  }
}

function end(why: string): never {
  test.abort(why);
  throw new Error(why);
}

function exportOf(module: { default?: Target }): Target | undefined {
  try {
    return module.default;
  } catch {
    throw new Error('it exports nothing before something that it awaits has come');
  }
}

function loaded(file: string): Target {
  const shop = exportOf(require(file));
  const missing = STEPS.flatMap((step) =>
    (['request', 'read'] as const)
      .filter((part) => typeof shop?.[step]?.[part] !== 'function')
      .map((part) => `${step}.${part}`),
  );
  if (missing.length > 0) throw new Error(`its default export needs the functions ${missing.join(', ')}`);
  if (shop!.query && !__ENV.DATABASE_URL) throw new Error('it has a query, so set DATABASE_URL');
  return shop!;
}

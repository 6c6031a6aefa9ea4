// A flash sale, and strangers who do their worst beside it: they read what is dear to read, watch by the hundred, ask more often than
// they may, and show tokens that are none. Buyers reserve and pay as if they were alone; ATTACK=off shows how that is. ATTACK=only is for
// strangers who come from another process than the buyers, with the same SALE_KEY: buyers then do not wait for k6.
// The API needs BUYER_JWT_SECRET, TRUSTED_PROXIES=1, and limits to be broken.
import { scenario } from 'k6/execution';
import http, { type RefinedResponse, type ResponseType } from 'k6/http';
import { Counter, Trend } from 'k6/metrics';
import type { Options, Scenario } from 'k6/options';
import { apiUrl, createSale, postCheckout, postPayment, requireReadyTarget } from './lib/api.ts';
import { reserveOne } from './lib/checkouts.ts';
import { positive, required } from './lib/config.ts';
import { judged } from './lib/judged.ts';
import { summaryOf } from './lib/summary.ts';
import { tokenFor } from './lib/tokens.ts';
import { vusFor } from './lib/vus.ts';

const secret = required('BUYER_JWT_SECRET');
const isAttacked = __ENV.ATTACK !== 'off';
const hasBuyers = __ENV.ATTACK !== 'only';
const duration = positive('DURATION', 30);
/** Buyers a second; 0: as many as get through, fifty at a time. */
const rate = Number(__ENV.RATE ?? 100);

const paid = new Counter('journeys_paid');
const unpaid = new Counter('payments_unexpected');
const payment = new Trend('payment_duration', true);
const attacks = new Counter('attacks');
const surprised = new Counter('attacks_unexpected');
/** As all load tests count them. */
const accepted = new Counter('checkouts_accepted');

http.setResponseCallback(http.expectedStatuses({ min: 200, max: 499 }, 503));

const perSecond = (exec: string, times: number): Scenario => ({
  executor: 'constant-arrival-rate',
  exec,
  rate: times,
  duration: `${duration}s`,
  preAllocatedVUs: vusFor(times),
});
const allTheTime = (exec: string, vus: number): Scenario => ({
  executor: 'constant-vus',
  exec,
  vus,
  duration: `${duration}s`,
});
const attackers: Record<string, Scenario> = {
  readers: perSecond('read', positive('READS', 200)),
  breakers: perSecond('breakLimits', positive('BREAKERS', 100)),
  impostors: perSecond('showOddToken', positive('ODD_TOKENS', 100)),
  watchers: perSecond('watch', positive('WATCHERS', 200)),
};

export const options: Options = {
  scenarios: {
    ...(hasBuyers && { buyers: rate > 0 ? perSecond('buy', rate) : allTheTime('buy', 50) }),
    ...(isAttacked && attackers),
  },
  ...judged,
  thresholds: {
    ...judged.thresholds,
    payments_unexpected: ['count==0'],
    attacks_unexpected: ['count==0'],
    ...(isAttacked && { attacks: ['count>0'] }),
  },
};

const sku = 'plenty';

export function setup() {
  requireReadyTarget();
  const saleId = createSale([{ sku, stock: 1_000_000 }], { reservationTtlSeconds: 3_600 });
  const watched = isAttacked ? reserveOne(saleId, sku, 'watched', 0, asBuyer('watched', 0)) : undefined;
  if (isAttacked && !watched) throw new Error('the order to be watched was not reserved');
  return { saleId, watched };
}

type Data = ReturnType<typeof setup>;

/** Each has an address of his own. */
const asBuyer = (buyerId: string, n: number) => ({
  Authorization: `Bearer ${tokenFor(buyerId, secret)}`,
  'X-Forwarded-For': `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
});

export function buy({ saleId }: Data) {
  const n = scenario.iterationInTest;
  const buyer = `buyer-${n}`;
  const headers = asBuyer(buyer, n);
  const orderId = reserveOne(saleId, sku, buyer, n, headers);
  if (!orderId) return;
  const response = postPayment(n, orderId, 'tok_visa', headers);
  payment.add(response.timings.duration);
  if (response.status === 200) return paid.add(1);
  unpaid.add(1);
  console.error(`Unexpected answer to a payment: ${response.status} ${response.error || response.body}`);
}

/** Where attackers come from: few addresses, one for each kind. */
const from = (address: string) => ({ 'X-Forwarded-For': address });

export function read({ saleId }: Data) {
  const n = scenario.iterationInTest;
  const paths = [
    '/sales?limit=100',
    `/sales/${saleId}`,
    `/sales/${saleId}/live`,
    `/sales/${saleId}/audit`,
    '/sales/no-id',
  ];
  note(get(n, paths[n % paths.length]!, from('203.0.113.1')));
}

export function breakLimits({ saleId }: Data) {
  const n = scenario.iterationInTest;
  const buyerId = `greedy-${n % 5}`;
  const headers = { ...asBuyer(buyerId, 0), ...from('203.0.113.2'), 'Idempotency-Key': `greedy-${n}` };
  const response = postCheckout(n, saleId, { sku, quantity: 1, buyerId }, headers);
  if (response.status === 202) accepted.add(1);
  note(response);
}

const ODD_SUBJECTS = [42, null, '', 'a\u0000b', [['a']], { a: 1 }, 'x'.repeat(5_000), true];

export function showOddToken({ saleId }: Data) {
  const n = scenario.iterationInTest;
  const token = n % 3 === 0 ? 'x'.repeat(1_000) : tokenFor(ODD_SUBJECTS[n % ODD_SUBJECTS.length], secret);
  const headers = {
    Authorization: `Bearer ${token}`,
    'Idempotency-Key': `odd-${n}`,
    ...from('203.0.113.3'),
  };
  const response = postCheckout(n, saleId, { sku, quantity: 1, buyerId: 'odd' }, headers);
  note(response, response.status === 401 || response.status === 429);
}

/** Holds a stream open until k6 gives it up. */
export function watch({ watched }: Data) {
  const headers = { ...asBuyer('watched', 0), ...from('203.0.113.4') };
  const response = get(scenario.iterationInTest, `/orders/${watched}/events`, headers, '3s');
  note(response, response.status === 0 || response.status < 500 || response.status === 503);
}

const get = (n: number, path: string, headers: Record<string, string>, timeout = '60s') =>
  http.get(`${apiUrl(n)}${path}`, { headers, timeout, responseType: 'none', tags: { name: 'attack' } });

/** Whatever they do, no attacker is to see the server fail. */
function note(
  { status, error }: RefinedResponse<ResponseType>,
  isExpected = (status > 0 && status < 500) || status === 503,
) {
  attacks.add(1);
  if (isExpected) return;
  surprised.add(1);
  console.error(`Unexpected answer to an attack: ${status} ${error}`);
}

export { teardown } from './lib/judged.ts';

export const handleSummary = summaryOf('attack');

import { poolOf } from '@app/database';
import { audit, openSale, resourceOf, type Audit, type StrategyName } from '@app/inventory';
import { orderIdOf, type OrderRequest } from '@app/orders';
import type { DataSource } from 'typeorm';
import type { Service } from '../../local/services/service.js';
import type { Servers } from '../servers.js';
import { Actor } from './actor.js';
import type { Movement } from './checks.js';
import { History } from './history.js';
import { Random } from './random.js';

const SKU = 'hot';

const MOVEMENTS_SQL =
  'SELECT before, after, token, holder FROM stock_movements WHERE sale_id = $1 ORDER BY version';

type MovementRow = Omit<Movement, 'token'> & { readonly token: string | null };

/** The ledger of a sale, in its order. */
export async function movementsOf(
  query: (sql: string, values: string[]) => Promise<MovementRow[]>,
  saleId: string,
): Promise<Movement[]> {
  const rows = await query(MOVEMENTS_SQL, [saleId]);
  return rows.map(({ before, after, token, holder }) => ({
    before,
    after,
    token: token === null ? null : BigInt(token),
    holder,
  }));
}

/** A sale of one SKU in the application's own tables. */
export interface Stage {
  readonly saleId: string;
  /** What its lock is called. */
  readonly resource: string;
  /** One unit for a new buyer. */
  order(): OrderRequest;
  audit(): Promise<Audit['total']>;
  movements(): Promise<Movement[]>;
}

/** Everything one run of a cell uses. All of it is ended with the run. */
export class Scene {
  readonly history = new History();
  readonly random: Random;
  readonly #actors: { readonly actor: Actor; readonly shared: boolean }[] = [];
  readonly #closing: (() => Promise<unknown>)[] = [];

  constructor(
    readonly servers: Servers,
    private readonly dataSource: DataSource,
    readonly seed: number,
    purpose: string,
    /** Processes that other cells are done with. Absent: every cell has its own. */
    private readonly idle?: Actor[],
  ) {
    this.random = new Random(seed, purpose);
  }

  /** Starts a process. `servers` are those of the scene unless given. */
  async actor(name: string, servers = this.servers): Promise<Actor> {
    const shared = servers === this.servers;
    const actor =
      (shared && this.idle?.pop()?.playAs(name, this.history)) ||
      (await Actor.start(name, { servers }, this.history));
    this.#actors.push({ actor, shared });
    return actor;
  }

  actors(...names: string[]): Promise<Actor[]> {
    return Promise.all(names.map((name) => this.actor(name)));
  }

  /**
   * Opens a sale with so many units of one SKU.
   *
   * @param strategy matters where units have rows of their own: the lab takes locks itself
   */
  async sale(stock: number, strategy: StrategyName = 'redis'): Promise<Stage> {
    const { dataSource } = this;
    const items = [{ sku: SKU, stock }];
    const saleId = await openSale(poolOf(dataSource), { name: 'lab', strategy, items });
    let buyers = 0;
    return {
      saleId,
      resource: resourceOf({ saleId, sku: SKU }),
      order: () => {
        const buyerId = `buyer-${++buyers}`;
        const orderId = orderIdOf({ id: saleId, orderNamespace: saleId }, buyerId, 'lab');
        const acceptedAt = Date.now();
        return { orderId, saleId, sku: SKU, quantity: 1, buyerId, idempotencyKey: 'lab', acceptedAt };
      },
      audit: async () => (await audit(poolOf(dataSource), saleId)).total,
      movements: () => movementsOf((sql, values) => dataSource.query(sql, values), saleId),
    };
  }

  /** Has something closed at the end of the run, whatever ends it. */
  atEnd(close: () => Promise<unknown>) {
    this.#closing.push(close);
  }

  /** Servers of this run alone. */
  owns(...servers: readonly Service[]) {
    this.atEnd(() => Promise.all(servers.map((server) => server.kill())));
  }

  /** Crashes servers of this run, all at once. Returns when. */
  async kill(name: string, ...servers: readonly Service[]): Promise<number> {
    const at = this.history.note(name, 'fault', 'killed');
    await Promise.all(servers.map((server) => server.kill()));
    return at;
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#actors.map(async ({ actor, shared }) => {
        if (shared && this.idle && (await actor.isIdle())) this.idle.push(actor);
        else await actor.end();
      }),
    );
    for (const close of this.#closing.toReversed()) await close();
  }
}

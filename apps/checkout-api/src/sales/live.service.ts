import { resourcesOf, SaleCatalog, strategyOf, type StrategyName } from '@app/inventory';
import { backendOf, Locks, processOf, type LockState } from '@app/lock';
import { WaitingRooms } from '@app/waiting-room';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { RecentReads } from '../core/recent-reads.js';
import { fromPostgres, fromRedis } from '../http/problems/unavailable.js';
import { AuditService } from './audit.service.js';
import { stateOf } from './closure.js';
import type { LiveView } from './live.schema.js';
import { findSale } from './find-sale.js';

/** Calls within so many milliseconds share an answer, so that many watchers cost as much as one. */
const SHARED_MS = 200;
const WATCHED_SALES = 100;
/** Most locks shown: those of the first SKUs or stripes. */
const MAX_LOCKS = 16;

const SETTLED_SQL = `SELECT count(*)::float8 AS settled FROM orders WHERE sale_id = $1 AND status <> 'queued'`;

/** Shows a sale as it is at this moment. */
@Injectable()
export class LiveService {
  readonly #views = new LRUCache<string, Promise<LiveView>>({ max: WATCHED_SALES, ttl: SHARED_MS });

  constructor(
    private readonly catalog: SaleCatalog,
    private readonly audits: AuditService,
    private readonly reads: RecentReads,
    private readonly locks: Locks,
    private readonly rooms: WaitingRooms,
  ) {}

  /** @throws {ProblemError} SALE_NOT_FOUND, POSTGRES_UNAVAILABLE or REDIS_UNAVAILABLE */
  of(saleId: string): Promise<LiveView> {
    const view = this.#views.get(saleId) ?? this.#read(saleId);
    if (!this.#views.has(saleId)) this.#views.set(saleId, view);
    return view;
  }

  async #read(saleId: string): Promise<LiveView> {
    const sale = await findSale(this.catalog, saleId);
    const resources = sale.items.flatMap(({ sku }) => resourcesOf({ saleId, sku }, sale.stripes));
    const [
      { total },
      {
        rows: [row],
      },
      locks,
      [waitingRoom = null],
    ] = await Promise.all([
      this.audits.of(saleId),
      fromPostgres(this.reads.query<{ settled: number }>(SETTLED_SQL, [saleId])),
      this.#look(sale.strategy, resources.slice(0, MAX_LOCKS)),
      fromRedis(this.rooms.occupancy(sale.waitingRoom ? [saleId] : [])),
    ]);
    const at = Date.now();
    return { saleId, at, state: stateOf(sale, at), total, settled: row!.settled, waitingRoom, locks };
  }

  async #look(strategy: StrategyName, resources: readonly string[]): Promise<LiveView['locks']> {
    const { lock: driver } = strategyOf(strategy);
    // Only Redis is asked: it is connected anyway, and its locks can be inspected.
    if (!driver || backendOf(driver) !== 'redis') return null;
    const lock = await this.locks.of(driver);
    const states = resources.map(async (resource) => viewOf(resource, await lock.inspect(resource)));
    return fromRedis(Promise.all(states));
  }
}

const viewOf = (resource: string, { holder, waiters }: LockState = {}) => ({
  resource,
  holder: holder === undefined ? null : readable(holder),
  waiters: waiters?.map(readable) ?? null,
});

function readable(holder: string): string {
  const process = processOf(holder);
  return process ? `${process.host}:${process.pid}` : holder;
}

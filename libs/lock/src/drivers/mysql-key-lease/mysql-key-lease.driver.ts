import { randomUUID } from 'node:crypto';
import { orUnavailable } from '../../async/or-unavailable.js';
import { mysqlRemedy } from '../../connections/mysql-connection.js';
import type { Grant, LockDriver, LockRequest } from '../../contract.js';
import { keyOf, MysqlTable, poll } from '../../recipes/mysql-table.js';
import { CREATE_TABLE, EXTEND, LOOK, RAISE_TOKEN, RELEASE, TAKE } from './sql.js';

/** The driver reads tokens as doubles. */
const MAX_TOKEN = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * The repair of `mysql-key`: the row of a resource has an owner and an end by the server's clock, which its holder moves on. A row that
 * has run out is taken by compare and set. Each grant raises a counter in the row, the fencing token. One round trip takes a free lock,
 * one releases it. Waiters poll with jitter, in no order.
 *
 * A released row stays, because it remembers the last token: one row for each resource ever locked. Delete rows only of resources whose
 * tokens nobody compares any more.
 *
 * It is safe while the server keeps its data and its clock does not jump. After a failover to a replica that lagged, or a clock set
 * forward, two may hold the lock at once; the token makes that harmless for fenced writes.
 */
export class MysqlKeyLeaseDriver implements LockDriver {
  readonly #table: MysqlTable;

  constructor(url: string) {
    this.#table = new MysqlTable(url, CREATE_TABLE);
  }

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const key = keyOf(resource);
    const holder = randomUUID();
    const grant = ({ token, provenAt }: { token: number; provenAt: number }): Grant => ({
      holder,
      token: BigInt(token),
      provenAt,
      extend: (nextTtl) => this.#extend(key, holder, nextTtl),
      release: () => orUnavailable(resource, this.#release(key, holder)),
    });
    const granted = poll(
      resource,
      request,
      () => this.#take(key, holder, request.ttl),
      () => this.#release(key, holder),
    );
    return grant(await granted);
  }

  async reseed(resource: string, above: bigint) {
    if (above >= MAX_TOKEN) throw new RangeError(`tokens of ${resource} cannot grow above ${above}`);
    await orUnavailable(resource, this.#raiseToken(keyOf(resource), above));
  }

  readonly remedyFor = mysqlRemedy;

  async close() {
    this.#table.close();
  }

  async #take(key: string, holder: string, ttl: number) {
    for (;;) {
      const provenAt = performance.now();
      const { affectedRows, insertId } = await this.#table.change(TAKE, [holder, ttl * 1_000, key]);
      if (affectedRows === 1) return { token: insertId, provenAt };
      const row = await this.#table.look<{ token: number; ours: 0 | 1 | null }>(LOOK, [holder, key]);
      // Ours already: taken by a try whose answer was lost.
      if (row) return row.ours ? { token: row.token, provenAt } : undefined;
      await this.#raiseToken(key, 0n);
    }
  }

  async #extend(key: string, holder: string, ttl: number): Promise<boolean> {
    return (await this.#table.change(EXTEND, [ttl * 1_000, key, holder])).affectedRows === 1;
  }

  async #release(key: string, holder: string): Promise<boolean> {
    const { affectedRows, unsure } = await this.#table.change(RELEASE, [key, holder]);
    return affectedRows === 1 || unsure;
  }

  async #raiseToken(key: string, above: bigint) {
    await this.#table.change(RAISE_TOKEN, [key, String(above), String(above)]);
  }
}

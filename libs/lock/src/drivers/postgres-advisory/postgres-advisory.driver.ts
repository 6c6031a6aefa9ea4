import { Socket } from 'node:net';
import pg from 'pg';
import { ANSWER_MS } from '../../async/answer-ms.js';
import { ConnectionLockDriver, type LockingConnection } from '../../recipes/connection-lock.js';
import {
  FIND_DEAD_WAITERS,
  LOCK,
  LOCK_ALL,
  PROVE,
  SET_UP,
  SURVIVE,
  TRY_LOCK,
  UNLOCK,
  UNLOCK_ALL,
} from './sql.js';

/** By what SQLSTATE begins with. */
const REMEDIES = [
  ['28', 'correct the user and the password in its URL'],
  ['3D000', 'create the database that its URL names, or correct the URL'],
  ['42501', 'let its user connect to the database and call pg_advisory_lock'],
] as const;

/**
 * `pg_advisory_lock`, Postgres's own: first come first served, waited for in the server, free the moment its session ends,
 * be that by a crash, a lost connection or `pg_terminate_backend`; the holder's lease is aborted at once. One round trip
 * locks, one unlocks. No token: nothing fences off a holder that was cut off and does not know.
 *
 * What ends a lock is the loss of the connection, not silence: a holder that is stopped keeps it for as long as its machine
 * acknowledges TCP keepalives, so a pause, however long, never makes two holders. A holder whose machine is cut off loses it,
 * not before the TTL is over; its own lease has ended by then, because without an answer from the session it cannot prove
 * that it was not cut off. A relay that terminates TCP (HAProxy, a service mesh) acknowledges for a holder it has lost: there
 * the relay's own time-outs decide.
 *
 * Unfit behind a pooler in transaction mode (PgBouncer): there statements of one client run in sessions of others. The lock is
 * that of one server and one database: a failover forgets it, as it ends the sessions. The key is a 64-bit hash: two
 * resources that collide exclude each other. A waiting session holds a snapshot, so waits of minutes hold back VACUUM.
 * Needs Postgres 12 or later.
 *
 * Source: https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
export class PostgresAdvisoryDriver extends ConnectionLockDriver<AdvisoryConnection> {
  constructor(url: string) {
    super(
      () => new AdvisoryConnection(url),
      (error) => error instanceof pg.DatabaseError,
    );
  }

  remedyFor(error: unknown) {
    const { code = '' } = error instanceof pg.DatabaseError ? error : {};
    return REMEDIES.find(([state]) => code.startsWith(state))?.[1];
  }
}

class AdvisoryConnection implements LockingConnection {
  readonly #socket = new Socket();
  readonly #ended = new AbortController();
  readonly #client: pg.Client;
  #last: Promise<unknown> = Promise.resolve();
  #pid = 0;
  #ttl = 0;

  constructor(url: string) {
    this.#client = new pg.Client({
      connectionString: url,
      application_name: 'lock',
      stream: () => this.#socket,
      keepAlive: true,
      keepAliveInitialDelayMillis: ANSWER_MS,
    });
    this.#client.on('error', () => undefined); // told by `ended`, and by the statement it hit
    this.#socket.once('close', () => this.#ended.abort());
  }

  get ended() {
    return this.#ended.signal;
  }

  async start() {
    await this.#client.connect();
    await this.#client.query(FIND_DEAD_WAITERS).catch(() => undefined); // a server on Windows cannot
    this.#pid = await this.#ask<number>(SET_UP, []);
  }

  async lock(resources: readonly string[], ttl: number) {
    await this.#survive(ttl);
    await (resources.length === 1 ? this.#ask(LOCK, resources) : this.#ask(LOCK_ALL, [resources]));
  }

  async tryLock(resource: string, ttl: number) {
    await this.#survive(ttl);
    return this.#ask<boolean>(TRY_LOCK, [resource]);
  }

  async holds(_resources: readonly string[], ttl: number) {
    await this.#survive(ttl);
    return this.#ask<boolean>(PROVE, [this.#pid]);
  }

  async unlock(resources: readonly string[]) {
    return resources.length === 1
      ? this.#ask<boolean>(UNLOCK, resources)
      : this.#ask<boolean>(UNLOCK_ALL, [resources]);
  }

  end() {
    this.#socket.destroy();
  }

  async #survive(ttl: number) {
    if (ttl === this.#ttl) return;
    await this.#ask(SURVIVE, [String(Math.ceil(ttl)), String(Math.ceil(ttl / 1_000))]);
    this.#ttl = ttl;
  }

  /** Prepared on first use. One after the other: the watchdog may ask while the lock is being released. */
  async #ask<T>(statement: { name: string; text: string }, values: readonly unknown[]): Promise<T> {
    const answer = this.#last.then(() =>
      this.#client.query<{ answer: T }>({ ...statement, values: [...values] }),
    );
    this.#last = answer.catch(() => undefined);
    return (await answer).rows[0]!.answer;
  }
}

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
 * `pg_advisory_lock`, Postgres's own lock: first come first served. Callers wait in the server. The lock is free the moment its session
 * ends (a crash, a lost connection, `pg_terminate_backend`), and the holder's lease aborts at once. One round trip locks, one unlocks.
 * It has no token: nothing refuses a holder that was cut off and does not know.
 *
 * The loss of the connection ends a lock, not silence. A stopped process keeps its lock for as long as its machine acknowledges TCP
 * keepalives, so a pause never makes two holders, however long it is.
 *
 * A holder whose machine is cut off loses the lock, not before the TTL is over. Its own lease ends before, because it has no answer from
 * the session as proof. A relay that terminates TCP (HAProxy, a service mesh) acknowledges in its place: then the relay's time-outs decide.
 *
 * It does not work behind a pooler in transaction mode (PgBouncer), which runs statements of one client in sessions of others. The lock
 * belongs to one server and one database; a failover forgets it, and ends its session.
 *
 * The key is a 64-bit hash: two resources that collide exclude each other. A waiting session holds a snapshot, so waits of minutes hold
 * back VACUUM. Needs Postgres 12 or later.
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

  get ended(): AbortSignal {
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

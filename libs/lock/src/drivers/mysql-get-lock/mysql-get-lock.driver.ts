import { createHash } from 'node:crypto';
import { isAnswer, MysqlConnection, mysqlRemedy } from '../../connections/mysql-connection.js';
import { ConnectionLockDriver, type LockingConnection } from '../../recipes/connection-lock.js';

/** Longest time, in seconds, that one GET_LOCK waits: a year, because the caller ends a wait. */
const WAIT_S = 31_536_000;
/** A session that is silent for so many seconds is ended by the server; one with a longer TTL, once that is over. */
const SILENCE_S = 60;
/** MySQL takes names of up to 64 characters and ignores their case. */
const READABLE_NAME = /^[!-@[-~]{1,59}$/;

/** Whatever the server or the account set, a wait may last. Each vendor has a setting that the other does not know. */
const SET_UP =
  'SET SESSION autocommit = 1 /*!80000 , max_execution_time = 0 */ /*M! , max_statement_time = 0 */';
const SURVIVE = 'SET SESSION wait_timeout = ?';
const LOCK = 'GET_LOCK(?, ?)';
const HOLDS = 'IS_USED_LOCK(?) = CONNECTION_ID()';
const UNLOCK = 'RELEASE_LOCK(?)';

/**
 * `GET_LOCK`, the own lock of MySQL and MariaDB. Callers wait in the server. The lock is free the moment its session ends (a crash, a
 * lost connection, KILL), and the holder's lease aborts at once. One round trip locks, one unlocks, also several at a time. It has no
 * token, and neither vendor documents an order among waiters.
 *
 * The server cannot tell a holder that is cut off from one that is paused. It ends a session that is silent for a minute, or for the TTL
 * if that is longer (`wait_timeout`). So a shorter pause never makes two holders, but a longer one can. The lock of a holder that is cut
 * off stays taken for that long; its own lease ends before, after the TTL.
 *
 * The names belong to one server, across its databases. They are not replicated: a failover forgets them.
 *
 * Sources: https://dev.mysql.com/doc/refman/8.4/en/locking-functions.html, https://mariadb.com/kb/en/get_lock/
 */
export class MysqlGetLockDriver extends ConnectionLockDriver<GetLockConnection> {
  constructor(url: string) {
    super(() => new GetLockConnection(url, SET_UP), isAnswer);
  }

  readonly remedyFor = mysqlRemedy;
}

class GetLockConnection extends MysqlConnection implements LockingConnection {
  #ttl = 0;

  async lock(resources: readonly string[], ttl: number) {
    if (!(await this.#getLocks(resources, ttl, WAIT_S))) throw new Error(`not free within ${WAIT_S} s`);
  }

  tryLock(resource: string, ttl: number) {
    return this.#getLocks([resource], ttl, 0);
  }

  async holds(resources: readonly string[], ttl: number) {
    await this.#survive(ttl);
    return this.#ask(
      HOLDS,
      resources.map((resource) => [nameOf(resource)]),
    );
  }

  unlock(resources: readonly string[]) {
    return this.#ask(
      UNLOCK,
      resources.map((resource) => [nameOf(resource)]),
    );
  }

  async #getLocks(resources: readonly string[], ttl: number, waitS: number): Promise<boolean> {
    await this.#survive(ttl);
    return this.#ask(
      LOCK,
      resources.map((resource) => [nameOf(resource), waitS]),
    );
  }

  async #survive(ttl: number) {
    if (ttl === this.#ttl) return;
    await this.set(SURVIVE, [Math.max(Math.ceil(ttl / 1_000), SILENCE_S)]);
    this.#ttl = ttl;
  }

  /** Asks the same for each of several, in their order. Resolves to whether all answers were yes. */
  async #ask(question: string, values: readonly (string | number)[][]): Promise<boolean> {
    const columns = values.map((_, i) => `${question} AS answer${i}`);
    const row = await this.read<Record<string, number | null>>(`SELECT ${columns.join(', ')}`, values.flat());
    const answers = Object.values(row!);
    if (question === LOCK && answers.includes(null)) throw new Error('GET_LOCK was interrupted');
    return answers.every((answer) => answer === 1);
  }
}

function nameOf(resource: string) {
  if (READABLE_NAME.test(resource)) return `lock:${resource}`;
  return `hash:${createHash('sha256').update(resource).digest('hex').slice(0, 59)}`;
}

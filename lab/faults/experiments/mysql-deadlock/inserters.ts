import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { now } from '../../../clock.js';
import type { Observation } from '../../cell.js';
import { holdersAtOnce } from '../../checks.js';
import type { CellOptions } from '../../experiment.js';
import type { History } from '../../history.js';
import type { Scene } from '../../scene.js';
import { DEADLOCK, numberOf, type SqlLocking } from './lockings.js';
import { survivalOf, victimsIn } from './survival.js';

const RESOURCE = 'hot';
const ORDINALS = ['second', 'third', 'fourth'];
/** Who has waited in the server for so long, in milliseconds, waits for a lock. */
const WAITS_AFTER_MS = 400;
const PATIENCE_MS = 10_000;
const HOLD_MS = 20;

/** One session has the lock, others want it, one after the other; then the first one goes. */
export async function inserters(locking: SqlLocking, { scene }: CellOptions): Promise<Observation> {
  const { history, random } = scene;
  const names = ORDINALS.slice(0, random.between(2, ORDINALS.length));
  const operator = await openSession(scene);
  const table = await openTable(scene, operator, locking);
  const [first, ...others] = await Promise.all(['first', ...names].map(() => openSession(scene)));
  const session = (name: string, connection: Connection) =>
    new Session(name, connection, locking, table, history);

  const holder = session('first', first!);
  await holder.lock();
  const endings: Promise<boolean>[] = [];
  for (const [i, name] of names.entries()) {
    const next = session(name, others[i]!);
    const ending = next.lockAndUnlock();
    ending.catch(() => undefined); // told when all of them are awaited
    endings.push(ending);
    await waits(operator, next, locking);
  }
  await sleep(random.between(0, 200));
  // A row that was committed does not go with its client: that is the deadlock of the crash.
  const dies = locking.waitsInServer && random.pick([true, false]);
  await (dies ? holder.die() : holder.unlock());
  const granted = await Promise.all(endings);

  const victims = victimsIn(history);
  const { harms, violations } = survivalOf(new Map(names.map((name, i) => [name, granted[i]!])));
  const most = holdersAtOnce(history.holds());
  return {
    harms: [...harms, ...(most > 1 ? [`${most} had the lock at once`] : [])],
    fired: locking.name === 'insert-retried' ? victims.length > 0 : true, // else the others would not have waited
    violations,
    figures: { waiting: names.length, victims: victims.length },
    account: [
      `the first ${dies ? 'dies' : 'goes'}, ${names.length} wait;`,
      victims.length > 0 ? `victims of a deadlock: the ${victims.join(', the ')};` : 'no deadlock;',
      `${granted.filter(Boolean).length} of ${names.length} got the lock`,
    ].join(' '),
    timeline: history.events,
  };
}

class Session {
  #refused = 0;

  constructor(
    private readonly name: string,
    readonly connection: Connection,
    private readonly locking: SqlLocking,
    private readonly table: string,
    private readonly history: History,
  ) {}

  /** How often it was refused and tried again. */
  get refused() {
    return this.#refused;
  }

  async lock(): Promise<void> {
    this.#record('asked');
    await this.locking.lock(this.connection, this.table, RESOURCE, (error) => {
      this.#refused++;
      if (error === DEADLOCK) this.#record('failed', `error ${error}`);
    });
    this.#record('granted');
  }

  async unlock(): Promise<void> {
    this.#record('released'); // the next may have it before the answer is here
    await this.locking.unlock(this.connection, this.table, RESOURCE);
  }

  async die(): Promise<void> {
    this.#record('killed');
    this.connection.destroy();
  }

  /** Resolves to whether it got the lock; if not, it was the victim of a deadlock. */
  async lockAndUnlock(): Promise<boolean> {
    try {
      await this.lock();
    } catch (error) {
      if (numberOf(error) !== DEADLOCK) throw error;
      this.#record('failed', `error ${DEADLOCK}`);
      return false;
    }
    await sleep(HOLD_MS);
    await this.unlock();
    return true;
  }

  #record(kind: 'asked' | 'granted' | 'released' | 'failed' | 'killed', detail?: string) {
    this.history.record({ at: now(), actor: this.name, kind, resource: RESOURCE, detail });
  }
}

/** Resolves once the session waits inside the server or, where nobody does, has been refused. */
async function waits(operator: Connection, session: Session, { waitsInServer }: SqlLocking) {
  const latest = now() + PATIENCE_MS;
  for (let since = Infinity; now() - since < WAITS_AFTER_MS; await sleep(10)) {
    if (now() > latest) throw new Error('a session was to wait for the lock, and does not');
    const isWaiting = waitsInServer ? await isBusy(operator, session.connection) : session.refused > 0;
    since = isWaiting ? Math.min(since, now()) : Infinity;
  }
}

async function isBusy(operator: Connection, { threadId }: Connection): Promise<boolean> {
  const [sessions] = await operator.query<RowDataPacket[]>('SHOW PROCESSLIST');
  return sessions.some(({ Id, Command }) => Number(Id) === threadId && Command === 'Query');
}

async function openSession(scene: Scene): Promise<Connection> {
  const connection = await createConnection(scene.servers.mysql!);
  connection.on('error', () => undefined);
  scene.atEnd(async () => connection.destroy());
  await connection.query('SET SESSION autocommit = 1, innodb_lock_wait_timeout = 20');
  return connection;
}

/** A table of the run's own. */
async function openTable(scene: Scene, operator: Connection, { rowExists }: SqlLocking): Promise<string> {
  const table = `lab_keys_${randomBytes(8).toString('hex')}`;
  await operator.query('CREATE TABLE ?? (resource VARCHAR(255) PRIMARY KEY, holder BIGINT) ENGINE = InnoDB', [
    table,
  ]);
  scene.atEnd(async () => operator.query('DROP TABLE ??', [table]));
  if (rowExists) await operator.query('INSERT INTO ?? VALUES (?, 0)', [table, RESOURCE]);
  return table;
}

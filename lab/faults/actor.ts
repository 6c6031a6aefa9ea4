import { createBirpc, type BirpcReturn } from 'birpc';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { currentRun } from '../../local/processes/run.mjs';
import { mainOf } from '../../local/setup/build.js';
import { now } from '../clock.js';
import type { ActorCalls, LabCalls, Point, Setup } from './actor/protocol.js';
import type { EventKind, History } from './history.js';

/** A process that does not answer by then is stopped, or at work; in milliseconds. */
const IDLE_MS = 2_000;

/** So many characters of what a process says on its standard error are kept. */
const LAST_WORDS = 4_096;

/** The process had ended, or was killed, before it could answer. */
export class ActorGoneError extends Error {
  constructor(name: string, why = '') {
    super(`${name} has ended${why && `: ${why}`}`);
  }
}

/** The schedule did not come to the point where its fault is due, as happens on a busy machine: nothing is proven. */
export class NotStagedError extends Error {}

/** A process of an experiment, at the end of the lab: it can be halted at a point, stopped, woken and killed there. */
export class Actor {
  readonly #child: ChildProcess;
  readonly #rpc: BirpcReturn<ActorCalls, LabCalls>;
  readonly #ready: Promise<void>;
  readonly #exited: Promise<unknown>;
  /** By the lab, not by itself. */
  #ended = false;
  #halt: { at: Point; arrived: () => void; until: Promise<void> } | undefined;

  private constructor(
    public name: string,
    setup: Setup,
    private history: History,
  ) {
    this.#child = fork(mainOf('lab'), ['actor', JSON.stringify(setup)], {
      serialization: 'advanced', // tokens are bigints
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      execArgv: ['--enable-source-maps'],
    });
    currentRun().endAtLatest(this.#child.pid!, { signal: 'SIGKILL' });
    let ready = () => {};
    this.#ready = new Promise((resolve) => (ready = resolve));
    this.#rpc = createBirpc<ActorCalls, LabCalls>(
      {
        ready,
        record: (event) => this.history.record({ ...event, actor: this.name }),
        reach: (point) => this.#reached(point),
      },
      {
        post: (message) => this.alive && void this.#child.send(message, () => undefined),
        on: (receive) => void this.#child.on('message', receive),
        timeout: -1,
      },
    );
    let last = '';
    this.#child.stderr!.on('data', (said: Buffer) => (last = (last + String(said)).slice(-LAST_WORDS)));
    this.#exited = once(this.#child, 'close').then(() => {
      if (this.#ended) return this.#rpc.$close(new ActorGoneError(this.name));
      const why = /^\w*Error: .*$/m.exec(last)?.[0] ?? last;
      this.history.record({ at: now(), actor: this.name, kind: 'killed', detail: why });
      return this.#rpc.$close(new ActorGoneError(this.name, why));
    });
  }

  /** Resolves once the process takes calls. */
  static async start(name: string, setup: Setup, history: History): Promise<Actor> {
    const actor = new Actor(name, setup, history);
    const gone = actor.#exited.then(() => Promise.reject(new ActorGoneError(name)));
    await Promise.race([actor.#ready, gone]);
    return actor;
  }

  /** The same process in another cell. */
  playAs(name: string, history: History): this {
    this.name = name;
    this.history = history;
    this.#halt = undefined;
    return this;
  }

  /** Whether it has nothing in hand, and could play in another cell. */
  async isIdle(): Promise<boolean> {
    return this.alive && Promise.race([this.#rpc.isIdle(), sleep(IDLE_MS, false)]);
  }

  get alive() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What the process can do; the promise rejects if it dies meanwhile. */
  get calls(): ActorCalls {
    if (!this.alive) throw new ActorGoneError(this.name);
    return this.#rpc;
  }

  /** Halts the process the next time it comes to this point. Resolves once it is there, to what lets it go on. */
  async haltAt(point: Point): Promise<() => void> {
    let goOn = () => {};
    const until = new Promise<void>((resolve) => (goOn = resolve));
    await new Promise<void>((arrived) => (this.#halt = { at: point, arrived, until }));
    return goOn;
  }

  /**
   * Begins something and halts it at this point. Resolves once it is there, to its end and to what lets it go on.
   *
   * @throws {NotStagedError} it ended without having been there
   */
  async beginTo<T>(point: Point, begin: () => Promise<T>): Promise<{ ended: Promise<T>; goOn: () => void }> {
    const halted = this.haltAt(point);
    const ended = begin();
    const early = ended.then((result) => {
      throw new NotStagedError(`${this.name} never came to '${point}': ${JSON.stringify(result)}`);
    });
    early.catch(() => undefined); // told by the race, or of no interest any more
    return { ended, goOn: await Promise.race([halted, early]) };
  }

  /** SIGSTOP and SIGCONT: a pause of which no part of the process knows. */
  stop() {
    this.#signal('SIGSTOP', 'stopped');
  }

  continue() {
    this.#signal('SIGCONT', 'continued');
  }

  /** Resolves once the process has ended, to when it was told to. */
  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number> {
    this.#ended = true;
    const at = this.#signal(signal, 'killed', signal);
    await this.#exited;
    return at;
  }

  /** Kills it without a note in the history: the experiment is over. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.alive) this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #signal(signal: NodeJS.Signals, kind: EventKind, detail?: string): number {
    const at = now();
    this.history.record({ at, actor: this.name, kind, detail });
    this.#child.kill(signal);
    return at;
  }

  async #reached(point: Point): Promise<void> {
    const halt = this.#halt;
    if (halt?.at !== point) return;
    this.#halt = undefined;
    halt.arrived();
    await halt.until;
  }
}

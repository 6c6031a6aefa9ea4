import type { Grant, LockRequest } from '../contract.js';
import { TOKENS_PER_TURN, Turn } from './turn.js';

/** A token of the store is so many tokens of its turn. */
export const TOKENS = BigInt(TOKENS_PER_TURN);

interface Caller {
  readonly request: LockRequest;
  enter(grant: Grant): void;
  refuse(error: Error): void;
}

/** The callers of this process that want one resource, first come first. */
export class Line {
  /** Callers who wait for the next turn. */
  readonly #waiting: Caller[] = [];
  #asking: AbortController | undefined;
  #turn: Turn | undefined;
  /** Callers who wait for the present turn to be handed on to them. */
  readonly #promised: Caller[] = [];

  constructor(
    private readonly acquire: (request: LockRequest) => Promise<Grant>,
    private readonly onEmpty: () => void,
  ) {}

  join(request: LockRequest): Promise<Grant> {
    const { signal } = request;
    return new Promise((resolve, reject) => {
      const stopListening = () => signal.removeEventListener('abort', giveUp);
      const caller: Caller = {
        request,
        enter: (grant) => {
          stopListening();
          resolve(grant);
        },
        refuse: (error) => {
          stopListening();
          reject(error);
        },
      };
      const giveUp = () => {
        this.#leave(caller);
        reject(signal.reason as Error);
      };
      if (this.#turn || this.#waiting.length > 0) request.contended?.();
      this.#waiting.push(caller);
      signal.addEventListener('abort', giveUp, { once: true });
      if (signal.aborted) giveUp();
      else this.#ask();
    });
  }

  #leave(caller: Caller) {
    for (const callers of [this.#waiting, this.#promised]) {
      const place = callers.indexOf(caller);
      if (place >= 0) callers.splice(place, 1);
    }
    if (this.#waiting.length > 0) return;
    this.#asking?.abort(new Error('nobody waits any more'));
    this.#asking = undefined;
    this.#ask();
  }

  /** Asks the store once for all who wait. */
  #ask() {
    const [first] = this.#waiting;
    if (!first && !this.#turn) this.onEmpty();
    if (!first || this.#asking) return;
    const { ttl } = first.request;
    const asking = new AbortController();
    this.#asking = asking;
    const contended = () => {
      if (this.#asking === asking) for (const { request } of this.#waiting) request.contended?.();
    };
    this.acquire({ ttl, signal: asking.signal, contended }).then(
      (grant) => {
        if (this.#asking === asking) this.#granted(grant, ttl);
        else release(grant); // nobody waited any more
      },
      (error: Error) => {
        if (this.#asking !== asking) return;
        this.#asking = undefined;
        for (const caller of this.#waiting.splice(0)) caller.refuse(error);
        this.#ask();
      },
    );
  }

  /** The turn is for those who wait by now and asked for the same TTL. */
  #granted(grant: Grant, ttl: number) {
    this.#asking = undefined;
    this.#takeBack(); // from a turn that the store has ended without our noticing
    const stranger = this.#waiting.findIndex(({ request }) => request.ttl !== ttl);
    const callers = Math.min(stranger < 0 ? this.#waiting.length : stranger, TOKENS_PER_TURN);
    this.#promised.push(...this.#waiting.splice(0, callers));
    if (callers > 0) this.#begin(grant, ttl);
    else release(grant); // who asked for that TTL has left
    this.#ask();
  }

  #begin(grant: Grant, ttl: number) {
    const { extend, token, provenAt, lost } = grant as Required<Grant>;
    const kept = grant.ttl ?? ttl;
    const granted = { token: token * TOKENS, provenAt, firstTtl: kept };
    const turn = new Turn({ ttl: kept, extend }, granted, this.#promised.length - 1);
    this.#turn = turn;
    const end = () => this.#giveUp(turn);
    const release = () => {
      lost.removeEventListener('abort', end);
      return grant.release();
    };
    this.#serve(turn, { ...grant, release });
    lost.addEventListener('abort', end, { once: true });
    if (lost.aborted) end();
  }

  #serve(turn: Turn, grant: Grant) {
    const { granted, permit } = turn;
    let released = false;
    this.#promised.shift()!.enter({
      ...grant,
      ...granted,
      holder: `${grant.holder}:${granted.token % TOKENS}`,
      extend: async () => {
        const ours = await turn.extend(permit.ttl);
        if (!ours) this.#giveUp(turn);
        return ours;
      },
      release: async () => {
        if (released) return false; // the turn may be another caller's by now
        released = true;
        return this.#release(turn, grant);
      },
    });
  }

  #release(turn: Turn, grant: Grant): Promise<boolean> {
    if (this.#turn === turn && this.#promised.length > 0 && turn.handOn()) {
      this.#serve(turn, grant);
      return turn.provenLater();
    }
    const ended = turn.end(grant.release());
    this.#giveUp(turn);
    return ended;
  }

  /** The turn is over, or lost. */
  #giveUp(turn: Turn) {
    if (this.#turn !== turn) return;
    this.#takeBack();
    this.#ask();
  }

  /** The callers to whom the turn was promised become the first to wait for the next one. */
  #takeBack() {
    this.#turn = undefined;
    this.#waiting.unshift(...this.#promised.splice(0));
  }
}

const release = (grant: Grant) => void grant.release().catch(() => undefined);

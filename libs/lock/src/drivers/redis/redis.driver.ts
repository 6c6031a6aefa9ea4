import { Cluster, type Redis } from 'ioredis';
import { orUnavailable } from '../../async/or-unavailable.js';
import { ownConnection } from '../../connections/redis-connection.js';
import { redisRemedy } from '../../connections/redis-remedy.js';
import type { Grant, LockDriver, LockRequest, LockState } from '../../contract.js';
import { LockBackendUnavailableError } from '../../errors.js';
import { clientName } from '../../holder.js';
import { LocalQueue } from '../../turns/local-queue.js';
import { TOKENS_PER_TURN, Turn, type Granted } from '../../turns/turn.js';
import { Contender, type Answer } from './contender.js';
import { Doorway, type NextCaller } from './doorway.js';
import { scriptsWith, type Keys, type LockCommands } from './scripts.js';
import { WakeUps, type Bell } from './wake-ups.js';

/** How long a waiter that was handed a permit has to extend it: what one that is cut off costs at most. */
const CLAIM_TTL_MS = 1_000;
/** A waiter that hears nothing asks again this often: for lost messages, and for holders whose processes are gone. */
const ASK_AGAIN_MS = 300;
/** With less than this left, a handed-over permit is extended before the work begins rather than while it runs. */
const ENOUGH_MS = CLAIM_TTL_MS / 2;
/** Redis scripts count in doubles. */
const MAX_TOKEN = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * This project's lock on one Redis, and its semaphore: a lock is a semaphore with one permit. Permits are extended by a watchdog, fenced,
 * and handed over by push. Processes come in the order in which they ask, the callers of a process in theirs. One round trip takes
 * a free permit, one releases it; the callers of a process share its turns.
 *
 * With early takeover, a waiter does not sit out the TTL of a holder whose process is gone. It asks Redis whether that process still
 * listens to its channel, and takes over if not.
 *
 * The lock is safe while Redis keeps its data. A failover can grant it twice, because replication is asynchronous, and so can a takeover
 * from a holder that is only cut off. The fencing token makes both harmless for fenced writes.
 * Source of that idea: Kleppmann, "How to do distributed locking" (2016).
 */
export class RedisDriver implements LockDriver {
  readonly #client = clientName();
  readonly #redis: (Redis | Cluster) & LockCommands;
  readonly #wakeUps: WakeUps;
  /** One caller of this process at a time waits in Redis for a resource; the others wait here. */
  readonly #queue = new LocalQueue();
  readonly #doorway = new Doorway();
  readonly #callersPerTurn: number;
  #holders = 0;

  constructor(
    connection: Redis | Cluster,
    private readonly permits = 1,
    private readonly prefix = 'lock',
  ) {
    const channelPrefix = `${prefix}:wake:`;
    const countListeners = !(connection instanceof Cluster);
    // Tokens reserved for the callers of a turn could be overtaken by another holder's, where there are several.
    this.#callersPerTurn = permits === 1 ? TOKENS_PER_TURN : 1;
    const scripts = scriptsWith({
      permits,
      tokens: this.#callersPerTurn,
      claimTtl: CLAIM_TTL_MS,
      channelPrefix,
      countListeners,
    });
    // With RESP3 one connection both asks and listens: whoever hears no hand-over is one who cannot ask either.
    this.#redis = ownConnection<LockCommands>(connection, scripts, { protocol: 3 });
    this.#wakeUps = new WakeUps(this.#redis, channelPrefix + this.#client);
  }

  async acquire(resource: string, request: LockRequest): Promise<Grant> {
    const contender = this.#contender(resource, request);
    const stand = () => this.#doorway.stand(resource, contender);
    const leave = await this.#queue.enter(resource, request, stand);
    const bell = this.#wakeUps.bell(contender.holder);
    try {
      // Listening before asking: the hand-over may arrive before the answer does.
      await this.#wakeUps.ready();
      const turn = await this.#contend(resource, contender, request, bell);
      let released: Promise<boolean> | undefined; // the turn may be somebody else's by the time it is called again
      const grant: Grant = {
        holder: contender.holder,
        ...turn.granted,
        extend: (ttl) => turn.extend(ttl),
        release: () => (released ??= this.#release(resource, grant, turn)),
      };
      if (this.permits === 1) this.#doorway.enter(resource, grant);
      return grant;
    } catch (error) {
      // Leave the queue, and hand on what an unheard answer may have granted. If this fails too, time does it.
      void contender.release().catch(() => undefined);
      this.#doorway.depart(resource, contender);
      request.signal.throwIfAborted();
      throw new LockBackendUnavailableError(resource, error);
    } finally {
      bell.close();
      leave();
    }
  }

  async reseed(resource: string, above: bigint) {
    if (above >= MAX_TOKEN) throw new RangeError(`tokens of ${resource} cannot grow above ${above}`);
    await orUnavailable(resource, this.#redis.lockReseed(...this.#keys(resource), above.toString()));
  }

  readonly remedyFor = redisRemedy;

  async inspect(resource: string): Promise<LockState> {
    const [holders, queue] = this.#keys(resource);
    const looking = this.#redis.multi().zrange(holders, '0', '0').lrange(queue, 0, -1).exec();
    const [first = [], waiters] = ((await orUnavailable(resource, looking)) ?? []).map(
      ([, answer]) => answer as string[],
    );
    return { holder: first[0], waiters };
  }

  async close() {
    this.#redis.disconnect();
  }

  async #contend(
    resource: string,
    contender: Contender,
    request: LockRequest,
    bell: Bell,
  ): Promise<Turn<Contender>> {
    const heard = await this.#doorway.wait(resource, contender, ASK_AGAIN_MS, request);
    this.#doorway.depart(resource, contender);
    if (heard instanceof Turn) return heard;
    const granted = await this.#granted(contender, request, bell, heard);
    const others = Math.min(this.#queue.length(resource), this.#callersPerTurn - 1);
    return new Turn(contender, granted, others);
  }

  async #granted(contender: Contender, request: LockRequest, bell: Bell, heard?: Answer): Promise<Granted> {
    for (let answer = heard; ; answer = undefined) {
      answer ??= await this.#ask(contender, request);
      const { askedAt, granted, token, runsOutIn } = answer;
      if (granted) return { token, provenAt: askedAt, firstTtl: request.ttl };
      request.contended?.();
      const handed = await bell.wait(token, Math.min(runsOutIn, ASK_AGAIN_MS), request.signal);
      request.signal.throwIfAborted();
      // Handed over after that answer, hence ours for CLAIM_TTL_MS from when it was asked for at least.
      const left = askedAt + CLAIM_TTL_MS - performance.now();
      if (handed && left > ENOUGH_MS) return { token: handed, provenAt: askedAt, firstTtl: CLAIM_TTL_MS };
    }
  }

  #ask(contender: Contender, request: LockRequest): Promise<Answer> {
    return contender.ask().catch(() => {
      request.signal.throwIfAborted();
      return contender.ask(); // whatever the answer that got lost granted this holder, it is granted again
    });
  }

  #release(resource: string, grant: Grant, turn: Turn<Contender>): Promise<boolean> {
    const next = this.#doorway.leave(resource, grant);
    if (next?.contender.wantsAs(turn.permit) && turn.handOn() && next.hear(turn)) return turn.provenLater();
    return turn.end(this.#releasePermit(turn.permit, next));
  }

  async #releasePermit(contender: Contender, next?: NextCaller): Promise<boolean> {
    try {
      if (!next) return await contender.release();
      const { wasOurs, answer } = contender.releaseAndAskFor(next.contender);
      next.hear(answer);
      return await wasOurs;
    } catch {
      await contender.release(); // no matter what it says: the first one may have done it
      return true;
    }
  }

  #contender(resource: string, { ttl, earlyTakeover }: LockRequest): Contender {
    const holder = `${this.#client}:${++this.#holders}${earlyTakeover ? ':takeover' : ''}`;
    return new Contender(this.#redis, this.#keys(resource), holder, ttl, earlyTakeover === true);
  }

  /** One hash tag, so that a Redis Cluster keeps all keys of a resource in one slot. */
  #keys(resource: string): Keys {
    const base = `${this.prefix}:{${resource}}`;
    return [base, `${base}:queue`, `${base}:token`];
  }
}

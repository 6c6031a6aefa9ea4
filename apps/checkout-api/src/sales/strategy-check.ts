import { LOCK_SERVER_VARIABLES, lockServersOf, type ApiConfig } from '@app/config';
import { DEFAULT_STRATEGY, STRATEGY_NAMES, strategyOf, type StrategyName } from '@app/inventory';
import { backendOf, LockDeniedError, LockError, Locks, type LockDriverName } from '@app/lock';
import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { API_CONFIG } from '../core/tokens.js';
import { ProblemError } from '../http/problems/problem.js';

/** In milliseconds. The lock is free: `wait` is only for a slow server. */
const PROBE = { ttl: 10_000, wait: 5_000 };

/** Checks, before a sale opens, that it may use its strategy: no sale ever runs under another one. */
@Injectable()
export class StrategyCheck {
  constructor(
    @Inject(API_CONFIG) private readonly config: ApiConfig,
    private readonly locks: Locks,
  ) {}

  /** @throws {ProblemError} STRATEGY_UNKNOWN, STRATEGY_UNSAFE, STRATEGY_UNAVAILABLE or LOCK_STORE_UNAVAILABLE */
  async usable(name: string = DEFAULT_STRATEGY): Promise<StrategyName> {
    const strategy = STRATEGY_NAMES.find((known) => known === name);
    if (!strategy) {
      throw new ProblemError('STRATEGY_UNKNOWN', `Use one of ${STRATEGY_NAMES.join(', ')}.`);
    }
    const { safe, lock } = strategyOf(strategy);
    if (!safe && !this.config.ALLOW_UNSAFE_STRATEGIES) {
      const detail = `${strategy} is unsafe on purpose. Start the API with ALLOW_UNSAFE_STRATEGIES=true, or use another strategy.`;
      throw new ProblemError('STRATEGY_UNSAFE', detail);
    }
    if (lock) await this.#checkServer(strategy, lock);
    return strategy;
  }

  async #checkServer(strategy: StrategyName, driver: LockDriverName) {
    const backend = backendOf(driver);
    // The application needs Redis and Postgres anyway: its readiness checks them.
    if (!backend || backend === 'redis') return;
    const { DATABASE_POOLER: pooler, DATABASE_DIRECT_URL: direct } = this.config;
    if (backend === 'postgres' && pooler === 'none' && !direct) return;
    const variable = backend === 'postgres' ? 'DATABASE_DIRECT_URL' : LOCK_SERVER_VARIABLES[backend];
    if (!lockServersOf(this.config)[backend]) {
      const detail = `${strategy} locks on ${backend}. Set ${variable} for the API and the workers, or use another strategy.`;
      throw new ProblemError('STRATEGY_UNAVAILABLE', detail);
    }
    try {
      const lock = await this.locks.of(driver);
      await lock.withLock(`probe:${randomUUID()}`, PROBE, async () => undefined);
    } catch (error) {
      if (error instanceof LockDeniedError) {
        const detail = `${strategy} locks on ${backend} (${variable}), but ${error.message}. Or use another strategy.`;
        throw new ProblemError('STRATEGY_UNAVAILABLE', detail, { cause: error });
      }
      if (!(error instanceof LockError)) throw error;
      const detail = `${backend} does not answer. Try again in a moment, or use another strategy.`;
      const headers = { 'retry-after': '1' };
      throw new ProblemError('LOCK_STORE_UNAVAILABLE', detail, { headers, cause: error });
    }
  }
}

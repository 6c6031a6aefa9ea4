declare module 'redlock' {
  interface Lock {
    unlock(): PromiseLike<void>;
  }
  export default class Redlock {
    constructor(clients: unknown[], options?: { retryCount?: number });
    lock(resource: string, ttl: number): PromiseLike<Lock>;
    on(event: 'clientError', listener: (error: Error) => void): void;
  }
}
declare module 'redis-lock' {
  export default function redisLock(
    client: unknown,
  ): (name: string, timeout?: number) => Promise<() => Promise<unknown>>;
}
declare module 'node-redis-warlock' {
  type Unlock = (done: (error: Error | null, result: number) => void) => void;
  export default function warlock(redis: unknown): {
    optimistic(
      key: string,
      ttl: number,
      attempts: number,
      wait: number,
      done: (error: Error | null, unlock: Unlock) => void,
    ): void;
  };
}

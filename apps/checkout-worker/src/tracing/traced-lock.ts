import { fail, tracer } from '@app/observability';
import type { Lease, LockOptions } from '@app/lock';
import type { Locking } from '@app/inventory';
import { context, trace, type Span } from '@opentelemetry/api';

/** A lock whose waits and holds are spans. */
export class TracedLock implements Locking {
  constructor(
    private readonly lock: Locking,
    private readonly driver: string,
  ) {}

  reseed(resource: string, above: bigint): Promise<void> {
    return this.lock.reseed(resource, above);
  }

  async withLocks<T>(
    resources: readonly string[],
    options: LockOptions,
    work: (...leases: Lease[]) => Promise<T>,
  ): Promise<T> {
    const attributes = { 'lock.resource': resources.join(', '), 'lock.driver': this.driver };
    const wait = tracer.startSpan('lock wait', { attributes });
    let hold: Span | undefined;
    try {
      return await this.lock.withLocks(resources, options, (...leases) => {
        wait.end();
        const [{ holder, token } = {} as Partial<Lease>] = leases; // of the first one
        const granted = { ...attributes, 'lock.holder': holder, 'lock.token': token?.toString() };
        hold = tracer.startSpan('lock hold', { attributes: granted });
        return context.with(trace.setSpan(context.active(), hold), () => work(...leases));
      });
    } catch (error) {
      fail(hold ?? wait, error);
      throw error;
    } finally {
      (hold ?? wait).end(); // only now has it been released
    }
  }
}

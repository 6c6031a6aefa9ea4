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

  async withLock<T>(resource: string, options: LockOptions, work: (lease: Lease) => Promise<T>): Promise<T> {
    const attributes = { 'lock.resource': resource, 'lock.driver': this.driver };
    const wait = tracer.startSpan('lock wait', { attributes });
    let hold: Span | undefined;
    try {
      return await this.lock.withLock(resource, options, (lease) => {
        wait.end();
        const { holder, token } = lease;
        const granted = { ...attributes, 'lock.holder': holder, 'lock.token': token?.toString() };
        hold = tracer.startSpan('lock hold', { attributes: granted });
        return context.with(trace.setSpan(context.active(), hold), () => work(lease));
      });
    } catch (error) {
      fail(hold ?? wait, error);
      throw error;
    } finally {
      (hold ?? wait).end(); // only now has it been released
    }
  }
}

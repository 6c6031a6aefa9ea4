import type { Etcd3, ILeaseKeepAliveResponse } from 'etcd3';
import { persist } from '../../async/persist.js';
import { KeptSession, RENEW_AFTER } from '../../recipes/kept-session.js';
import { isUnanswered } from './client.js';

/** An etcd lease. */
export class Session extends KeptSession {
  /** @param seconds whole seconds; the server raises them to its minimum, 1.5 election time-outs */
  static async open(etcd: Etcd3, seconds: number): Promise<Session> {
    return persist(async () => {
      const sentAt = performance.now(); // an unheard grant leaves a lease behind that nobody renews
      const { ID, TTL } = await etcd.leaseClient.leaseGrant({ TTL: seconds });
      return new Session(etcd, ID, Number(TTL) * 1_000, sentAt);
    }, isUnanswered);
  }

  private constructor(
    private readonly etcd: Etcd3,
    readonly lease: string,
    ttl: number,
    provenAt: number,
  ) {
    super(ttl, provenAt);
  }

  /** By a short stream of its own each time: no stream to watch over, and an answer belongs to its question. */
  protected async prolong() {
    const deadline = Date.now() + this.ttl * RENEW_AFTER;
    const stream = await this.etcd.leaseClient.leaseKeepAlive({ deadline });
    const heard = new Promise<ILeaseKeepAliveResponse>((resolve, reject) => {
      stream.on('data', resolve);
      stream.on('error', reject);
      stream.on('end', () => reject(new Error('the stream ended before the answer')));
    });
    stream.write({ ID: this.lease });
    const { TTL } = await heard.finally(() => stream.end());
    return Number(TTL) > 0;
  }

  protected destroy() {
    return this.etcd.leaseClient.leaseRevoke({ ID: this.lease });
  }
}

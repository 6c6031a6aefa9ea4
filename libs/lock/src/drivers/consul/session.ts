import { persist } from '../../async/persist.js';
import { KeptSession, RENEW_AFTER } from '../../recipes/kept-session.js';
import { isUnanswered, type ConsulClient } from './client.js';

/** What servers allow unless they are configured otherwise, in seconds. */
const LEAST_TTL = 10;
const MOST_TTL = 86_400;

/**
 * A Consul session that nothing but its TTL or an operator ends, and that takes its keys along. Consul ends it between
 * one and two TTLs after the last renewal: the TTL is what may be counted on.
 */
export class Session extends KeptSession {
  static async open(consul: ConsulClient, seconds: number): Promise<Session> {
    const attempt = async (ttl: number) => {
      const sentAt = performance.now(); // an unheard session is renewed by nobody
      return new Session(consul, await consul.createSession(ttl), ttl * 1_000, sentAt);
    };
    const asked = Math.min(seconds, MOST_TTL);
    // Servers can be configured to allow less; which do, only the attempt tells.
    if (asked < LEAST_TTL) {
      const allowed = await attempt(asked).catch(() => undefined);
      if (allowed) return allowed;
    }
    return persist(() => attempt(Math.max(asked, LEAST_TTL)), isUnanswered);
  }

  private constructor(
    private readonly consul: ConsulClient,
    readonly id: string,
    ttl: number,
    provenAt: number,
  ) {
    super(ttl, provenAt);
    // Tells at once that it was destroyed, rather than at the next renewal.
    const endWatch = this.consul.watchSession(this.id, () => void this.end());
    this.lost.addEventListener('abort', endWatch, { once: true });
  }

  protected prolong() {
    return this.consul.renewSession(this.id, this.ttl * RENEW_AFTER);
  }

  protected destroy() {
    return this.consul.destroySession(this.id);
  }
}

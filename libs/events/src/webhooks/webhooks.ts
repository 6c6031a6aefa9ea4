import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { EventType, HeldEvent } from '../order-event.js';
import { newSecret } from './signature.js';
import {
  CREATE_SQL,
  DEAD_SQL,
  DISCARD_SQL,
  LIST_SQL,
  REMOVE_SQL,
  REVIVE_SQL,
  ROTATE_SQL,
  UNPUBLISHED_SQL,
} from './webhooks-sql.js';

export interface NewWebhook {
  readonly url: string;
  /** Unless given, all. */
  readonly types?: readonly EventType[];
  /** Events after this number are delivered; unless given, those that are new. */
  readonly after?: number;
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  /** Null: all. */
  readonly types: readonly EventType[] | null;
  readonly createdAt: Date;
  /** Events up to this number were accepted, or are held. */
  readonly position: number;
  /** Numbers of the feed that it has before it. */
  readonly behind: number;
  /** Age of the oldest event that it has not accepted, held ones included. */
  readonly lagSeconds: number;
  /** Lately it accepted nothing. */
  readonly failing: boolean;
  /** Orders of which an event was not accepted, and is tried again. */
  readonly held: number;
  /** Orders of which an event was given up. */
  readonly dead: number;
}

/** An order whose next event was refused until it was given up. The others wait behind it. */
export interface DeadOrder {
  readonly orderId: string;
  readonly events: readonly HeldEvent[];
  readonly attempts: number;
  readonly error: string;
}

/** Who is told of events, and what they did not accept. Whatever changes that names the admin who did it, for the trail. */
export class Webhooks {
  constructor(private readonly pool: Pool) {}

  /** Resolves to its id and the secret that signs, which nobody is told again; to undefined if `after` is not in the feed. */
  async create(
    admin: string,
    { url, types, after }: NewWebhook,
  ): Promise<{ id: string; secret: string } | undefined> {
    const id = randomUUID();
    const secret = newSecret();
    const { rowCount } = await this.pool.query(CREATE_SQL, [id, url, secret, types, after, admin]);
    return rowCount === 1 ? { id, secret } : undefined;
  }

  async list(): Promise<Webhook[]> {
    return (await this.pool.query<Webhook>(LIST_SQL, [null])).rows;
  }

  async find(id: string): Promise<Webhook | undefined> {
    return (await this.pool.query<Webhook>(LIST_SQL, [id])).rows[0];
  }

  async remove(admin: string, id: string): Promise<void> {
    await this.pool.query(REMOVE_SQL, [id, admin]);
  }

  /** Resolves to the new secret. Until the next change the one before signs too. */
  async changeSecret(admin: string, id: string): Promise<string | undefined> {
    const secret = newSecret();
    const { rowCount } = await this.pool.query(ROTATE_SQL, [id, secret, admin]);
    return rowCount === 1 ? secret : undefined;
  }

  /** The latest come first. */
  async deadOrders(id: string, most: number): Promise<DeadOrder[]> {
    return (await this.pool.query<DeadOrder>(DEAD_SQL, [id, most])).rows;
  }

  /** Has the events of an order, or of all dead ones, delivered again. Resolves to how many orders that are. */
  async retry(admin: string, id: string, orderId?: string): Promise<number> {
    return (await this.pool.query(REVIVE_SQL, [id, orderId, admin])).rowCount!;
  }

  /** Forgets an order's events that were given up. */
  async discard(admin: string, id: string, orderId: string): Promise<void> {
    await this.pool.query(DISCARD_SQL, [id, orderId, admin]);
  }

  /** For how many seconds the oldest event has waited to be in the feed. */
  async unpublishedSeconds(): Promise<number> {
    return (await this.pool.query<{ seconds: number }>(UNPUBLISHED_SQL)).rows[0]!.seconds;
  }
}

import { Column, CreateDateColumn, Entity, OneToMany, PrimaryColumn } from 'typeorm';
import { Stock } from './stock.entity.js';
import type { StrategyName } from '../strategies.js';

/** How many buyers may be in checkout at a time, and how long one of them may stay there. */
export interface WaitingRoomRules {
  readonly places: number;
  readonly placeTtlSeconds: number;
}

/** A flash sale. Admins may change its limit, its places and its time while it runs, and pause it; the rest never changes. */
@Entity('sales')
export class Sale {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  name: string;

  @Column('text')
  strategy: StrategyName;

  /** The ids of its orders come from it. Never told: with it they could be computed. */
  @Column('uuid', { name: 'order_namespace' })
  orderNamespace: string;

  /** Number of rows, each with its own lock, that share the stock of a SKU. */
  @Column('smallint')
  stripes: number;

  /** ISO 4217; null where the sale has no prices. */
  @Column('text', { nullable: true })
  currency: string | null;

  /** Units that one buyer may hold in this sale, over all SKUs. */
  @Column('integer', { name: 'per_buyer_limit', nullable: true })
  perBuyerLimit: number | null;

  @Column('integer', { name: 'reservation_ttl_seconds', nullable: true })
  reservationTtlSeconds: number | null;

  /** Null: everybody may check out at once. */
  @Column('jsonb', { name: 'waiting_room', nullable: true })
  waitingRoom: WaitingRoomRules | null;

  @Column('timestamptz', { name: 'starts_at', nullable: true })
  startsAt: Date | null;

  @Column('timestamptz', { name: 'ends_at', nullable: true })
  endsAt: Date | null;

  /** Since then, and while it is set, no new checkout is accepted. */
  @Column('timestamptz', { name: 'paused_at', nullable: true })
  pausedAt: Date | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;

  @OneToMany(() => Stock, (stock) => stock.sale)
  items: Stock[];
}

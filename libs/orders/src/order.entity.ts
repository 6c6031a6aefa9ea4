import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { OrderStatus, RejectionReason } from './order-status.js';

/** The durable outcome of a checkout. The critical section writes it together with the stock that it takes. */
@Entity('orders')
export class Order {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid', { name: 'sale_id' })
  saleId: string;

  @Column('text')
  sku: string;

  @Column('text', { name: 'buyer_id' })
  buyerId: string;

  @Column('integer')
  quantity: number;

  @Column('text')
  status: Exclude<OrderStatus, 'queued'>;

  @Column('text', { nullable: true })
  reason: RejectionReason | null;

  @Column('text', { name: 'idempotency_key' })
  idempotencyKey: string;

  @Column('timestamptz', { name: 'accepted_at' })
  acceptedAt: Date;

  @Column('timestamptz', { name: 'settled_at' })
  settledAt: Date;

  /** From then on an unpaid reservation is due to be restocked. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt: Date | null;

  /** Its buyer cancelled it: it can no longer be paid, and is due at once. */
  @Column('boolean', { name: 'cancel_requested' })
  cancelRequested: boolean;

  @Column('timestamptz', { name: 'paid_at', nullable: true })
  paidAt: Date | null;

  /** When it expired, or was cancelled or refunded. */
  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt: Date | null;

  /** It was refunded, and its units are to come back. */
  @Column('boolean')
  restock: boolean;

  /** Since when the units of an ended order are back. Of a refunded one they may stay sold. */
  @Column('timestamptz', { name: 'restocked_at', nullable: true })
  restockedAt: Date | null;
}

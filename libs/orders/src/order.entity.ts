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
}

import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** The hot row: what is left of one SKU in one sale. Only the critical section changes it. */
@Entity('stock')
export class Stock {
  @PrimaryColumn('uuid', { name: 'sale_id' })
  saleId: string;

  @PrimaryColumn('text')
  sku: string;

  @Column('integer')
  initial: number;

  @Column('integer')
  available: number;

  /** Named, not imported: the two files would import each other. */
  @ManyToOne('Sale', 'items')
  @JoinColumn({ name: 'sale_id' })
  sale: object;
}

import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Sale } from './sale.entity.js';

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

  @ManyToOne(() => Sale, (sale) => sale.items)
  @JoinColumn({ name: 'sale_id' })
  sale: Relation<Sale>;
}

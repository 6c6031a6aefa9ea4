import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** The hot row: what is left of one SKU in one sale, or of one stripe of it. Only the critical section changes it. */
@Entity('stock')
export class Stock {
  @PrimaryColumn('uuid', { name: 'sale_id' })
  saleId: string;

  @PrimaryColumn('text')
  sku: string;

  /** 0 to `stripes - 1` of the sale. */
  @PrimaryColumn('smallint')
  stripe: number;

  @Column('integer')
  initial: number;

  /** Null: each unit has a row of its own, see section/unit-sql.ts. */
  @Column('integer', { nullable: true })
  available: number | null;

  /** Of a unit, in minor units of the sale's currency. */
  @Column('integer', { nullable: true })
  price: number | null;

  /** Named, not imported: the two files would import each other. */
  @ManyToOne('Sale', 'items')
  @JoinColumn({ name: 'sale_id' })
  sale: object;
}

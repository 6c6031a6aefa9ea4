import type { Audit } from '../audit.js';
import type { Database } from '../section/transaction.js';

/** What is left here of a sale whose rows went to an archive. */
export interface ArchivedSale {
  readonly archivedAt: Date;
  /** Of its last moment here. */
  readonly audit: Audit;
}

const ARCHIVED = {
  name: 'archived-sale',
  text: 'SELECT archived_at AS "archivedAt", audit FROM archived_sales WHERE sale_id = $1',
};

export async function archivedSale(database: Database, saleId: string): Promise<ArchivedSale | undefined> {
  return (await database.query<ArchivedSale>({ ...ARCHIVED, values: [saleId] })).rows[0];
}

import { createConnection } from 'mysql2/promise';

/** What is left where nothing frees the lock of a dead holder: somebody deletes its row by hand. */
export async function deleteKey(mysqlUrl: string, resource: string): Promise<void> {
  const operator = await createConnection(mysqlUrl);
  await operator.query('DELETE FROM lock_keys WHERE resource = ?', [resource]);
  await operator.end();
}

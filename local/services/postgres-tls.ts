import { chmod, chown, copyFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import pg from 'pg';
import { makeCertificates } from './certificates.js';
import { dataDirectory, nextName, type Service } from './service.js';

/**
 * Lets a private Postgres on this machine speak TLS too, with a certificate for 127.0.0.1. Resolves to the certificate of the CA that
 * signed it, which nobody else knows.
 */
export async function speakTls({ url }: Pick<Service, 'url'>): Promise<string> {
  const { ca, cert, key } = await makeCertificates(await dataDirectory(nextName('ca')));
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    const data = rows[0]!.data_directory;
    const { uid, gid } = await stat(data);
    for (const made of [cert, key]) {
      const copy = join(data, basename(made));
      await copyFile(made, copy);
      await chmod(copy, 0o600);
      await chown(copy, uid, gid);
    }
    await client.query('ALTER SYSTEM SET ssl = on');
    await client.query('SELECT pg_reload_conf()');
  } finally {
    await client.end();
  }
  return ca;
}

import { chmod, chown, copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import pg from 'pg';
import { dataDirectory, nextName, type Service } from './service.js';

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/**
 * Lets a private Postgres on this machine speak TLS too, with a certificate for 127.0.0.1. Resolves to the certificate of the CA that
 * signed it, which nobody else knows.
 */
export async function speakTls({ url }: Pick<Service, 'url'>): Promise<string> {
  const directory = await dataDirectory(nextName('ca'));
  const at = (name: string) => join(directory, name);
  const request = (...args: string[]) => execa('openssl', ['req', '-x509', ...key, ...args]);
  await request('-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=CA of a test');
  const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-addext', 'subjectAltName=IP:127.0.0.1'];
  await request(...signed, '-keyout', at('server.key'), '-out', at('server.crt'), '-subj', '/CN=127.0.0.1');
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    const data = rows[0]!.data_directory;
    const { uid, gid } = await stat(data);
    for (const name of ['server.key', 'server.crt']) {
      await copyFile(at(name), join(data, name));
      await chmod(join(data, name), 0o600);
      await chown(join(data, name), uid, gid);
    }
    await client.query('ALTER SYSTEM SET ssl = on');
    await client.query('SELECT pg_reload_conf()');
  } finally {
    await client.end();
  }
  return at('ca.pem');
}

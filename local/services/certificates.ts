import { join } from 'node:path';
import { execa } from 'execa';

/** Paths of files in PEM form. */
interface Certificates {
  /** Of the authority, which nobody else knows. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** Makes an authority in this directory, and a certificate for 127.0.0.1 that it signed. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const at = (name: string) => join(directory, name);
  const request = (...args: string[]) => execa('openssl', ['req', '-x509', ...NEW_KEY, ...args]);
  const [ca, cert, key] = ['ca.pem', 'server.crt', 'server.key'].map(at) as [string, string, string];
  const caKey = at('ca.key');
  await request('-keyout', caKey, '-out', ca, '-subj', '/CN=CA of a test');
  const signed = ['-CA', ca, '-CAkey', caKey, '-addext', 'subjectAltName=IP:127.0.0.1'];
  await request(...signed, '-keyout', key, '-out', cert, '-subj', '/CN=127.0.0.1');
  return { ca, cert, key };
}

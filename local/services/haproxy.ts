import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../paths.mjs';
import { onFreePort } from '../processes/free-port.js';
import { provideHaproxy } from '../setup/haproxy.js';
import { dataDirectory, nextName, startServer, type Service } from './service.js';

/** The load balancer of deploy/haproxy before these APIs, which it finds by their addresses here instead of by DNS. */
export async function startHaproxy(apiUrls: readonly string[]): Promise<Service> {
  const { file } = await provideHaproxy();
  const shipped = await readFile(join(root, 'deploy/haproxy/haproxy.cfg'), 'utf8');
  const servers = apiUrls.map((url, i) => `    server replica${i + 1} ${new URL(url).host}`).join('\n');
  const name = nextName('haproxy');
  const config = join(await dataDirectory(name), 'haproxy.cfg');
  return onFreePort(async (port) => {
    const own = replaced(shipped, /bind :8080/, `bind 127.0.0.1:${port}`);
    await writeFile(config, replaced(own, / *server-template .*/, servers));
    const url = `http://127.0.0.1:${port}`;
    return startServer({ name, url, command: { file, args: ['-db', '-f', config] }, isReady });
  });
}

/** Throws if there is nothing to replace: then the file has changed, and this would test something else. */
function replaced(text: string, part: RegExp, by: string): string {
  if (!part.test(text)) throw new Error(`deploy/haproxy/haproxy.cfg has no ${part.source}`);
  return text.replace(part, by);
}

const isReady = async (url: string) => (await fetch(`${url}/lb/health`)).ok;

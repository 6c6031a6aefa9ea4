import { join } from 'node:path';
import { root } from '../../local/paths.mjs';
import { onFreePort } from '../../local/processes/free-port.js';
import { LocalProcess } from '../../local/processes/local-process.js';
import { startLockServers } from '../../local/services/services.js';
import { ExpectedError } from '../../local/expected-error.js';
import { oneOf } from '../options/arguments.js';

const SHOPS = ['naive', 'repaired'] as const;

/** npm run shop -- naive | repaired: a shop of examples/ until Ctrl-C. */
export async function run([name]: string[]): Promise<number> {
  const shop = oneOf('npm run shop', name, SHOPS);
  if (!shop) throw new ExpectedError(`Which shop? npm run shop -- <${SHOPS.join(' | ')}>`);
  const { env } = await startLockServers(['postgres']);
  const url = await onFreePort((port) => startShop(shop, { ...env, PORT: String(port) }));
  console.log(`
  shop       ${url}
  Postgres   ${env.DATABASE_URL}

Ready. Ctrl-C ends it. Load it from another terminal:
API_URL=${url} DATABASE_URL='${env.DATABASE_URL}' npm run load-test -- flash-sale --target examples/target.ts`);
  return new Promise(() => {}); // until a signal ends the verb
}

async function startShop(name: string, env: { DATABASE_URL: string; PORT: string }): Promise<string> {
  const url = `http://127.0.0.1:${env.PORT}`;
  const main = join(root, `examples/${name}-shop.ts`);
  const command = {
    file: process.execPath,
    args: ['--import', import.meta.resolve('tsx'), main],
    env: { ...process.env, ...env },
  };
  await new LocalProcess({ name: `${name}-shop`, command, isReady: () => isUp(url) }).start();
  return url;
}

const isUp = async (url: string) => (await fetch(`${url}/health`)).ok;

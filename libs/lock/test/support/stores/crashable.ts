import { rm } from 'node:fs/promises';
import type { Service } from '../../../../../local/services/service.js';
import type { Store } from './store.js';

/** A server can be crashed unless the environment names it: then it is somebody else's. */
export function crashable(
  variable: string,
  services: readonly Service[],
): Pick<Store, 'kill' | 'start' | 'forget'> {
  if (process.env[variable]) return {};
  const kill = async () => void (await Promise.all(services.map((service) => service.kill())));
  const start = async () => void (await Promise.all(services.map((service) => service.start())));
  const forget = async () => {
    await kill();
    await Promise.all(services.map(({ data }) => rm(data!, { recursive: true })));
    await start();
  };
  return { kill, start, forget };
}

import type { Service } from '../../../../../tools/services/service.js';
import type { Store } from './store.js';

/** A server can be crashed unless the environment names it: then it is somebody else's. */
export function crashable(variable: string, services: readonly Service[]): Pick<Store, 'kill' | 'start'> {
  if (process.env[variable]) return {};
  return {
    kill: async () => void (await Promise.all(services.map((service) => service.kill()))),
    start: async () => void (await Promise.all(services.map((service) => service.start()))),
  };
}

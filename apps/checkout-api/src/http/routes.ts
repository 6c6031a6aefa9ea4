import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';

/** The route that @fastify/cors adds for preflights of all paths: no path of this API. */
const PREFLIGHTS = '*';

/** Which methods each path answers. Make it before routes are added. */
export class Routes {
  readonly #routes: { readonly path: RegExp; readonly methods: string[] }[] = [];

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url, method }: RouteOptions) => {
      if (url === PREFLIGHTS) return;
      const pattern = url.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+').replaceAll('*', '.*');
      this.#routes.push({ path: new RegExp(`^${pattern}$`), methods: [method].flat() });
    });
  }

  /** None if nothing is at this path. */
  methodsAt(url: string): string[] {
    const path = url.split('?', 1)[0]!;
    return [
      ...new Set(this.#routes.filter((route) => route.path.test(path)).flatMap(({ methods }) => methods)),
    ];
  }
}

/** Whether no handler of this API answers the request. */
export const isUnanswered = ({ is404, routeOptions }: FastifyRequest) =>
  is404 || routeOptions.url === PREFLIGHTS;

import type { FastifyInstance, RouteOptions } from 'fastify';
import { ProblemError } from './problem.js';

/** Answers 405 instead of 404 where the path exists and the method does not. Call it before routes are added. */
export function refuseOtherMethods(fastify: FastifyInstance): void {
  const routes: { readonly path: RegExp; readonly methods: Set<string> }[] = [];

  fastify.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const path = new RegExp(
      `^${url.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+').replaceAll('*', '.*')}$`,
    );
    let route = routes.find(({ path: { source } }) => source === path.source);
    if (!route) routes.push((route = { path, methods: new Set() }));
    for (const each of [method].flat()) route.methods.add(each);
  });

  fastify.addHook('onRequest', (request, _reply, done) => {
    if (!request.is404) return done();
    const path = request.url.split('?', 1)[0]!;
    const methods = routes.find((route) => route.path.test(path))?.methods;
    if (!methods || methods.has(request.method)) return done();
    const allow = [...methods].join(', ');
    done(
      new ProblemError('METHOD_NOT_ALLOWED', `Use ${allow}.`, {
        headers: { allow },
      }),
    );
  });
}

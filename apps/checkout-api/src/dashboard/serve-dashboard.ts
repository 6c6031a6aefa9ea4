import serveStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Beside the bundle of this API; there is none where the API runs from its sources. */
const BUILT = join(dirname(process.argv[1]!), '../dashboard');

const YEAR_IN_SECONDS = 365 * 86_400;

/** Serves the dashboard at `/`, if it is built. Its scripts may talk to this API, and to `controlUrl` where there is one. */
export async function serveDashboard(fastify: FastifyInstance, controlUrl?: string): Promise<void> {
  if (!existsSync(join(BUILT, 'index.html'))) return;
  const serve = (root: string, caching: string) => ({
    root,
    decorateReply: false, // the documentation's files come by the same plugin
    cacheControl: false,
    setHeaders: (reply: FastifyReply) => {
      reply.headers({ 'cache-control': caching, 'content-security-policy': policy(controlUrl) });
    },
  });
  // One route per file: the API answers all other paths itself.
  const page = { ...serve(BUILT, 'no-cache'), wildcard: false, globIgnore: ['assets/**'] };
  await fastify.register(serveStatic, page);
  // Vite names assets by their content. They are looked up on request, since a new build brings others.
  const lasting = `public, max-age=${YEAR_IN_SECONDS}, immutable`;
  await fastify.register(serveStatic, { ...serve(join(BUILT, 'assets'), lasting), prefix: '/assets/' });
}

/** Stricter than the documentation's: nothing is inline here. */
const policy = (controlUrl?: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src ${["'self'", controlUrl].filter(Boolean).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

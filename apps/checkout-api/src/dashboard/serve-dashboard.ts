import serveStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

/** Beside the bundle of this API; there is none where the API runs from its sources. */
const BUILT = join(dirname(process.argv[1]!), '../dashboard');

const YEAR_IN_SECONDS = 365 * 86_400;

/** Serves the dashboard at `/`, if it is built. Its scripts may talk to this API, and to `controlUrl` where there is one. */
export async function serveDashboard(
  fastify: FastifyInstance,
  controlUrl: string | undefined,
  root = BUILT,
): Promise<void> {
  if (!existsSync(join(root, 'index.html'))) return;
  const headers = {
    'content-security-policy': policy(controlUrl),
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
  await fastify.register(serveStatic, {
    root,
    wildcard: false, // a route for each file: what is not there stays the API's to answer
    decorateReply: false, // the documentation's files come by the same plugin
    cacheControl: false,
    setHeaders: (reply, path) => {
      // Vite names assets by their content.
      const lasting = path.startsWith(join(root, 'assets') + sep);
      const caching = lasting ? `public, max-age=${YEAR_IN_SECONDS}, immutable` : 'no-cache';
      reply.headers({ ...headers, 'cache-control': caching });
    },
  });
}

const policy = (controlUrl?: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src ${["'self'", controlUrl].filter(Boolean).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

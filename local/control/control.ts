import cors from '@fastify/cors';
import serveStatic from '@fastify/static';
import fastify from 'fastify';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '../paths.mjs';
import { Crashes } from './crashes.js';
import { Load, loadRequest } from './load.js';
import { readLockTimes } from './lock-times.js';
import { listReports } from './reports.js';
import type { ControlledStack } from './stack.js';

const reports = join(root, 'reports');
const crashRequest = z.strictObject({ saleId: z.guid() });

/**
 * Does for the dashboard what no API should: it starts load, kills workers and shows the reports of this checkout. Belongs
 * to a local stack: on loopback, with the stack's admin key, for pages of the stack's APIs. Resolves with its URL.
 */
export async function startControl(stack: ControlledStack): Promise<string> {
  const server = fastify({ logger: false });
  const load = new Load(stack);
  const crashes = new Crashes(stack);
  /** A link cannot carry the admin key; whoever was told this may read the reports. */
  const ticket = randomBytes(18).toString('base64url');

  await mkdir(reports, { recursive: true });
  await server.register(cors, {
    origin: (origin, answer) => answer(null, origin !== undefined && stack.apiUrls.includes(origin)),
    methods: ['GET', 'POST', 'DELETE'],
  });
  await server.register(serveStatic, { root: reports, prefix: `/reports/${ticket}/`, dotfiles: 'deny' });
  server.addHook('onRequest', async ({ url, method, headers }, reply) => {
    if (method === 'OPTIONS' || url.startsWith(`/reports/${ticket}/`)) return;
    if (isSame(headers.authorization ?? '', `Bearer ${stack.adminKey}`)) return;
    await reply.code(401).send({ message: 'Send the header Authorization: Bearer <admin key>.' });
  });
  server.setErrorHandler((error: Error & { statusCode?: number }, _, reply) =>
    reply.code(error.statusCode ?? (error instanceof z.ZodError ? 400 : 500)).send({ message: told(error) }),
  );

  server.get('/state', async () => ({
    load: load.state,
    crashes: crashes.past,
    workers: crashes.workers,
    lockTimes: await readLockTimes(stack.workers),
  }));
  server.get('/reports', () => listReports(reports, ticket));
  server.post('/load', async ({ body }, reply) =>
    reply.code(202).send(await load.start(loadRequest.parse(body))),
  );
  server.delete('/load', async (_, reply) => {
    load.stop();
    await reply.code(204).send();
  });
  server.post('/crashes', async ({ body }, reply) =>
    reply.code(201).send(await crashes.crashHolder(crashRequest.parse(body).saleId)),
  );
  return server.listen({ host: '127.0.0.1', port: 0 });
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const told = (error: Error) =>
  error instanceof z.ZodError
    ? error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
    : error.message;

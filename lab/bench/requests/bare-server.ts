import { Admissions, type QueuedOrder } from '@app/checkout-queue';
import { oneShard } from '@app/servers';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { collectDefaultMetrics, register } from 'prom-client';
import { UNBOUNDED } from '../unbounded.js';

/**
 * The least that an answer can cost: a Fastify route that refuses by a constant, and one that adds what it is sent to the queue by the
 * transaction of the API, and does nothing else. Its Redis must have no workers.
 */
export async function bareServer(): Promise<void> {
  const redis = new Redis(process.env.REDIS_URL!);
  const admissions = new Admissions(oneShard(redis), UNBOUNDED);
  const fastify = Fastify();
  fastify.post('/refuse', (_, reply) => reply.code(409).send({ code: 'SOLD_OUT' }));
  fastify.post<{ Body: Pick<QueuedOrder, 'sku' | 'quantity' | 'buyerId'> }>(
    '/enqueue',
    async ({ body }, reply) => {
      const orderId = randomUUID();
      const order = { ...body, orderId, saleId: 'bare', idempotencyKey: orderId, acceptedAt: Date.now() };
      await admissions.admit(order);
      return reply.code(202).send({ orderId, status: 'queued' });
    },
  );
  collectDefaultMetrics();
  fastify.get('/metrics', () => register.metrics());
  fastify.get('/health/ready', () => ({ status: 'ok' }));
  await fastify.listen({ host: process.env.HOST, port: Number(process.env.PORT) });
  process.once('SIGTERM', () => process.exit());
}

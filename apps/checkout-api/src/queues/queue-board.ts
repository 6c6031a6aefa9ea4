import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import type { AdminKeys } from '../admin/admin-keys.js';
import { bearerOf, passwordOf } from '../http/authorization.js';
import { ALLOW_BASE } from '../http/headers.js';
import { ProblemError, sendProblem } from '../http/problems/problem.js';

const PATH = '/queues';

/** Serves bull-board to whoever has an admin key. It is read-only: to remove a job would lose accepted orders. */
export function serveQueueBoard(
  fastify: FastifyInstance,
  kinds: readonly (readonly Queue[])[],
  adminKeys: AdminKeys,
): void {
  const board = new FastifyAdapter().setBasePath(PATH);
  createBullBoard({
    queues: kinds.flatMap((ofShards) =>
      ofShards.map((queue, i) => {
        const prefix = ofShards.length > 1 ? `shard ${i}: ` : '';
        return new BullMQAdapter(queue, { readOnlyMode: true, prefix });
      }),
    ),
    serverAdapter: board,
    options: { uiConfig: { boardTitle: 'Flash sale' } },
  });
  void fastify.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      const { authorization } = request.headers;
      if (adminKeys.find(bearerOf(authorization) ?? passwordOf(authorization))) return;
      // The board has an error handler of its own.
      sendProblem(new ProblemError('ADMIN_KEY_REQUIRED', HOW, { headers: ASK }), request, reply);
      await reply;
    });
    // Its page finds its files by a <base>.
    scope.addHook('onRequest', (_, reply, next) => {
      void reply.headers(ALLOW_BASE);
      next();
    });
    await scope.register(board.registerPlugin(), { prefix: PATH });
  });
}

const HOW =
  'Any user name, and the admin key as its password; or the header Authorization: Bearer <admin key>.';
const ASK = { 'www-authenticate': 'Basic realm="admin"' };

import type { FastifyInstance } from 'fastify';
import { isUnanswered, type Routes } from '../routes.js';
import { ProblemError } from './problem.js';

/** Answers 405 instead of 404 where the path exists and the method does not. */
export function refuseOtherMethods(fastify: FastifyInstance, routes: Routes): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const methods = isUnanswered(request) ? routes.methodsAt(request.url) : [];
    if (methods.length === 0 || methods.includes(request.method)) return done();
    const allow = methods.join(', ');
    done(new ProblemError('METHOD_NOT_ALLOWED', `Use ${allow}.`, { headers: { allow } }));
  });
}

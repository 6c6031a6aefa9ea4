import { withoutTicket } from '@app/observability';
import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOfHttp } from './http-problems.js';
import { ProblemError, sendProblem } from './problem.js';
import { UnforeseenError } from './unforeseen.js';

/** Its client is gone, or took too long, before all of its body had arrived. There is nobody to answer, and nothing that went wrong here. */
const isCutOff = (error: unknown, { raw }: FastifyRequest) => error instanceof Error && error === raw.errored;

/** Answers every error as problem details. It logs an unforeseen one and hides its cause from the client. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger(ProblemFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent || isCutOff(error, request)) return;
    sendProblem(this.#problemOf(error, request), request, reply);
  }

  #problemOf(error: unknown, request: FastifyRequest): ProblemError {
    if (error instanceof ProblemError) return error;
    if (error instanceof HttpException && error.getStatus() !== 500) return problemOfHttp(error, request);
    const { cause: err, about } = error instanceof UnforeseenError ? error : { cause: error };
    const { id: requestId, method } = request;
    this.#logger.error({ ...about, err, requestId, method, url: withoutTicket(request.url) });
    return new ProblemError(
      'INTERNAL',
      `Try again later. The log has the cause under request ${request.id}.`,
    );
  }
}

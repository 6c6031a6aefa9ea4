import type { HttpException } from '@nestjs/common';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { ProblemCode } from './problem-codes.js';
import { ProblemError, sendProblem } from './problem.js';

/** Fastify's own errors, by their code. */
const BY_FASTIFY_CODE: Readonly<Record<string, [ProblemCode, detail: string]>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: ['MALFORMED_JSON', 'Send a JSON object; the body is empty.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['MALFORMED_JSON', 'Send a JSON object; the body could not be parsed.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'UNSUPPORTED_MEDIA_TYPE',
    'Send the header Content-Type: application/json.',
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'Send a smaller body.'],
  FST_ERR_BAD_URL: ['MALFORMED_REQUEST', 'Percent-encode the URL correctly.'],
  FST_ERR_MAX_PARAM_LENGTH: ['URL_TOO_LONG', 'A part of the path is longer than anything here is named.'],
};

/** The problem for an error of Nest, Fastify or the health checks. */
export function problemOfHttp(error: HttpException, request: FastifyRequest): ProblemError {
  const known = BY_FASTIFY_CODE[codeOf(error.cause)];
  if (known) return new ProblemError(...known, { cause: error });
  switch (error.getStatus()) {
    case 404: {
      const detail = `Nothing answers ${request.method} here. GET /docs lists the routes.`;
      return new ProblemError('ROUTE_NOT_FOUND', detail);
    }
    case 503: {
      const reasons = whatIsDown(error.getResponse());
      const down = Object.keys(reasons);
      const told = Object.entries(reasons).map(([name, reason]) => `${name} ${reason}`);
      return new ProblemError('NOT_READY', `Try again later: ${told.join('; ')}.`, {
        members: { down },
        headers: { 'retry-after': '1' },
      });
    }
    default:
      return new ProblemError('MALFORMED_REQUEST', error.message, { cause: error });
  }
}

/** Answers requests that Fastify cannot route; they never reach the filter. */
export function refuseUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const known = BY_FASTIFY_CODE[error.code] ?? ['MALFORMED_REQUEST', 'Send a valid URL.'];
  sendProblem(new ProblemError(...known), request, reply);
}

const codeOf = (error: unknown) => String((error as { code?: unknown } | undefined)?.code);

/** What is down and why, by the response of @nestjs/terminus; also this process itself if it is shutting down. */
function whatIsDown(response: string | object): Record<string, string> {
  const { status, error = {} } = response as { status?: string; error?: Record<string, { reason?: string }> };
  const reasons = Object.entries(error).map(([name, { reason = 'is down' }]) => [name, reason]);
  if (status === 'shutting_down') reasons.push(['this process', 'is about to end']);
  return Object.fromEntries(reasons) as Record<string, string>;
}

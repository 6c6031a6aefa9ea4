import { ORDER_STATUSES } from '@app/orders';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from './problem-codes.js';

/** An order that holds units of its sale. */
const heldSchema = z.object({
  orderId: z.guid(),
  sku: z.string(),
  quantity: z.int(),
  status: z.enum(ORDER_STATUSES),
});
export type HeldView = z.infer<typeof heldSchema>;

export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    instance: z.string().optional().describe('Path of the request, where it could be read'),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    orderId: z.guid().optional().describe('The order that was rejected'),
    holding: z
      .array(heldSchema)
      .optional()
      .describe(
        'Orders that hold what the buyer may have, where the code is BUYER_LIMIT_EXCEEDED; the first 20',
      ),
    'violated-policies': z
      .array(z.string())
      .optional()
      .describe(
        'Quotas that are used up, where the code is RATE_LIMITED, as the RateLimit headers name them',
      ),
    down: z.array(z.string()).optional().describe('What is down, where the code is NOT_READY'),
  })
  .describe('Problem details (RFC 9457)');

interface ProblemOptions {
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

const typeOf = (code: string) => `urn:flash-sale:problem:${code.toLowerCase().replaceAll('_', '-')}`;
const TYPES = Object.fromEntries(Object.keys(PROBLEMS).map((code) => [code, typeOf(code)]));

/** An error that the client gets as problem details. `detail` says what to do about it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ProblemCode,
    detail: string,
    { members = {}, headers = {}, cause }: ProblemOptions = {},
  ) {
    // It answers a request, and nobody reads where it was made: to record that takes longer than all else about it.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(detail, { cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.members = members;
    this.headers = headers;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** The problem document as JSON. `instance` is the path of the request, if that could be read. */
  toJson(instance?: string): string {
    const { code, status, message: detail, members } = this;
    const { title } = PROBLEMS[code];
    return JSON.stringify({ type: TYPES[code], title, status, detail, code, instance, ...members });
  }
}

export function sendProblem(problem: ProblemError, request: FastifyRequest, reply: FastifyReply): void {
  void reply
    .code(problem.status)
    .headers(problem.headers)
    .header('content-type', 'application/problem+json')
    .send(problem.toJson(request.url));
}

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/**
 * Who calls: a buyer with a verified token, an admin, or anyone where buyers are not authenticated. `until` is when the token ends,
 * in milliseconds since 1970.
 */
export type Caller =
  | { readonly kind: 'buyer'; readonly buyerId: string; readonly until: number }
  | { readonly kind: 'admin' | 'anyone' };

const CALLER = Symbol('caller');
type Called = FastifyRequest & { [CALLER]?: Caller };

export const setCaller = (request: FastifyRequest, caller: Caller) =>
  void Object.assign(request, { [CALLER]: caller });

/** @throws {TypeError} if no BuyerGuard is in front of the handler, which would let everybody in */
export function callerOf(request: FastifyRequest): Caller {
  const caller = (request as Called)[CALLER];
  if (!caller) throw new TypeError('no guard has found out who calls');
  return caller;
}

/** Who calls, in a handler behind {@link BuyerGuard}. */
export const CalledBy = createParamDecorator((_: unknown, context: ExecutionContext): Caller =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

import { Admissions, DeadLetters } from '@app/checkout-queue';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { buyerOfSettled } from '../buyers/buyer-of-settled.js';
import { callerOf } from '../buyers/caller.js';
import { ProblemError } from '../http/problems/problem.js';
import { fromPostgres, fromRedis } from '../http/problems/unavailable.js';
import { orderId as orderIdSchema } from './order.schema.js';

/** Answers 404 for another buyer's order, so that nobody learns that it exists. Comes after BuyerGuard. */
@Injectable()
export class OrderOwnerGuard implements CanActivate {
  constructor(
    private readonly dataSource: DataSource,
    private readonly admissions: Admissions,
    private readonly deadLetters: DeadLetters,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: { orderId: string } }>>();
    const caller = callerOf(request);
    const id = orderIdSchema.safeParse(request.params.orderId);
    // The handler itself refuses what is no id.
    if (caller.kind !== 'buyer' || !id.success) return true;
    if ((await this.#buyerOf(id.data)) === caller.buyerId) return true;
    throw new ProblemError('ORDER_NOT_FOUND', `No order has the id ${id.data}.`);
  }

  /** Postgres comes first: it has all that can be paid, and answers while Redis is down. */
  async #buyerOf(orderId: string): Promise<string | undefined> {
    const look = () => fromPostgres(buyerOfSettled(this.dataSource, orderId));
    const settled = await look().catch((error: unknown) => ({ error }));
    if (typeof settled === 'string') return settled;
    const queued = await fromRedis(this.admissions.find(orderId));
    if (queued) return queued.buyerId;
    if (settled) throw settled.error;
    // It may have left the queue between the two looks, or is a dead letter.
    const settledSince = await look();
    if (settledSince !== undefined) return settledSince;
    const [letter] = await fromRedis(this.deadLetters.find([orderId]));
    return letter?.kind === 'checkout' ? letter.order.buyerId : undefined;
  }
}

import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { BuyerGuard } from '../buyers/buyer.guard.js';
import { tokenRequired } from '../buyers/buyer-tokens.js';
import { setCaller } from '../buyers/caller.js';
import { EventTickets } from './event-tickets.js';

type Following = FastifyRequest<{ Params: { orderId: string }; Querystring: { ticket?: unknown } }>;

/** Finds out who follows an order, by a ticket or, without one, as {@link BuyerGuard} does. */
@Injectable()
export class TicketGuard implements CanActivate {
  constructor(
    private readonly buyers: BuyerGuard,
    private readonly tickets: EventTickets,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Following>();
    const { ticket } = request.query;
    // A ticket gets no other ticket.
    if (ticket === undefined || request.method === 'POST') return this.buyers.canActivate(context);
    const caller = await this.tickets.callerWith(ticket, request.params.orderId.toLowerCase());
    if (!caller) throw tokenRequired('The ticket is over, or is not for this order: fetch another.');
    setCaller(request, caller);
    return true;
  }
}

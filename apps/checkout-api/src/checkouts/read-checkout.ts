import type { FastifyRequest } from 'fastify';
import { buyerOf } from '../buyers/buyer-id.js';
import { callerOf } from '../buyers/caller.js';
import { idempotencyKeyOf } from '../http/idempotency-key.js';
import { preferredWait } from '../http/prefer-wait.js';
import { valid } from '../http/problems/validation.js';
import { saleId } from '../sales/sale.schema.js';
import { checkoutSchema, type Checkout } from './checkout.schema.js';

export type CheckoutRequest = FastifyRequest<{ Params: { saleId: string } }>;

/** What a request to check out asks for. */
interface RequestedCheckout {
  /** By its id. */
  readonly sale: string;
  readonly key: string;
  /** Seconds that the client waits for the outcome; 0: it does not. */
  readonly seconds: number;
  readonly checkout: Checkout;
}

/**
 * Reads a request to check out, whose caller is known, at once: pipes take five promises for each of its parts (ADR 33).
 *
 * @throws {ProblemError}
 */
export function readCheckout(request: CheckoutRequest): RequestedCheckout {
  const sale = valid(saleId, request.params.saleId);
  const key = idempotencyKeyOf(request);
  const seconds = preferredWait(request.headers.prefer);
  const body = valid(checkoutSchema, request.body);
  const checkout = { ...body, buyerId: buyerOf(callerOf(request), body.buyerId) };
  return { sale, key, seconds, checkout };
}

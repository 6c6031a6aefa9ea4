import { CHECKOUT_QUEUE, type QueuedOrder } from '@app/checkout-queue';
import type { HoldTracer, SectionResult } from '@app/inventory';
import { contextOf, inSpan } from '@app/observability';
import type { Outcome } from '@app/orders';
import { context, SpanKind, trace, TraceFlags, type Context, type Span } from '@opentelemetry/api';

/**
 * Records spans of orders, lock holds and critical sections. A hold and a section serve several orders: their spans belong to the
 * trace of one order and link to the others.
 */
export class CheckoutTracing implements HoldTracer<QueuedOrder> {
  readonly #contexts = new WeakMap<QueuedOrder, Context>();

  /** A span from the delivery of an order to its outcome. It continues the trace in which the API enqueued it. */
  settle(order: QueuedOrder, work: () => Promise<Outcome>): Promise<Outcome> {
    const attributes = {
      'messaging.system': 'bullmq',
      'messaging.destination.name': CHECKOUT_QUEUE,
      'messaging.operation.type': 'process',
      'order.id': order.orderId,
      'sale.id': order.saleId,
      sku: order.sku,
    };
    const settle = async (span: Span) => {
      this.#contexts.set(order, context.active());
      const outcome = await work();
      span.setAttribute('order.status', outcome.status);
      if ('reason' in outcome) span.setAttribute('order.reason', outcome.reason);
      return outcome;
    };
    return inSpan('settle', { kind: SpanKind.CONSUMER, attributes }, settle, contextOf(order));
  }

  /** Belongs to the first order whose trace is recorded. */
  hold<T>(waiting: readonly QueuedOrder[], work: () => Promise<T>): Promise<T> {
    const recorded = waiting.find((order) => isRecorded(this.#spanOf(order)));
    return context.with(this.#contexts.get(recorded ?? waiting[0]!) ?? context.active(), work);
  }

  section(orders: readonly QueuedOrder[], work: () => Promise<SectionResult>): Promise<SectionResult> {
    const own = trace.getActiveSpan()?.spanContext().traceId;
    const others = orders
      .map((order) => this.#spanOf(order))
      .filter(isRecorded)
      .filter((span) => span.spanContext().traceId !== own);
    const links = others.map((span) => ({ context: span.spanContext() }));
    const attributes = { 'batch.size': orders.length };
    return inSpan('critical section', { links, attributes }, async (span) => {
      for (const other of others) other.addLink({ context: span.spanContext() });
      const { outcomes, available } = await work();
      const count = (status?: string) => outcomes.filter((outcome) => outcome?.status === status).length;
      span.setAttributes({
        'batch.reserved': count('reserved'),
        'batch.rejected': count('rejected'),
        'batch.undecided': count(),
        'stock.available': available,
      });
      return { outcomes, available };
    });
  }

  #spanOf(order: QueuedOrder): Span | undefined {
    const settling = this.#contexts.get(order);
    return settling && trace.getSpan(settling);
  }
}

const isRecorded = (span?: Span): span is Span =>
  span !== undefined && (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;

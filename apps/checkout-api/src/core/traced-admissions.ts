import {
  Admissions,
  CHECKOUT_QUEUE,
  type Admission,
  type AdmissionOptions,
  type QueuedOrder,
} from '@app/checkout-queue';
import { inSpan, traceparent } from '@app/observability';
import { SpanKind } from '@opentelemetry/api';

/** Admissions that send the trace context along with each order. */
export class TracedAdmissions extends Admissions {
  override admit(order: QueuedOrder, options?: AdmissionOptions): Promise<Admission> {
    const attributes = {
      'messaging.system': 'bullmq',
      'messaging.destination.name': CHECKOUT_QUEUE,
      'messaging.operation.type': 'send',
      'order.id': order.orderId,
      'sale.id': order.saleId,
    };
    return inSpan('enqueue', { kind: SpanKind.PRODUCER, attributes }, async (span) => {
      const admission = await super.admit({ ...order, traceparent: traceparent() }, options);
      span.setAttribute('checkout.admission', admission);
      return admission;
    });
  }
}

import type { OrderRequest } from '@app/orders';
import { FencedOffError } from '../section/errors.js';
import type { ReservationsOptions } from './options.js';

/**
 * Runs a section when its sale has a permit for one. A commit counts even if the permit got lost meanwhile: permits only bound how many
 * sections run.
 */
export async function gated<T>(
  { gate, observer }: Pick<ReservationsOptions<OrderRequest>, 'gate' | 'observer'>,
  saleId: string,
  work: () => Promise<T>,
): Promise<T> {
  let committed: { readonly result: T } | undefined;
  const section = async () => {
    committed = { result: await work() };
  };
  try {
    await (gate ? gate(saleId, section) : section());
  } catch (error) {
    if (error instanceof FencedOffError) observer?.fencedOff();
    if (!committed) throw error;
  }
  return committed!.result;
}

import { isDeepStrictEqual } from 'node:util';
import { harmsOf } from '../checks.js';
import type { Books, Unfinished } from './books.js';
import type { Accepted, Sold } from './buyers.js';

/** What is known once a sale went through its outages. */
export interface Evidence {
  readonly sold: Pick<Sold, 'accepted' | 'soldOut' | 'unexpected' | 'complaints'> & {
    readonly orders: readonly Pick<Accepted, 'orderId'>[];
  };
  /** What was left to do when nobody waited any longer: after the sale, and after everybody asked again. */
  readonly left: readonly Unfinished[];
  /** Processes that were not ready in the end, and what they said. */
  readonly unready: readonly string[];
  readonly books: Pick<Books, 'truth' | 'unsold' | 'movements' | 'missing' | 'mistold'>;
  /** Answers to those who asked again that should have been others. */
  readonly misled: readonly string[];
  /** The books after everybody asked again. */
  readonly after: Pick<Books, 'truth'>;
}

/** What a lock, or whatever a strategy has in its place, is to prevent. */
export function harmsIn({ sold, books }: Pick<Evidence, 'sold' | 'books'>): string[] {
  const { truth, movements } = books;
  // Buyers are turned away by their orders, or at once, for an order of somebody else.
  const unsold = Math.max(truth.undersold, sold.soldOut > 0 ? books.unsold : 0);
  return [
    ...harmsOf(truth, movements),
    ...(unsold > 0 ? [`${unsold} units unsold while buyers were turned away`] : []),
  ];
}

/** What a failover may break in no case, whichever orders it loses. */
export const brokenBesidesLoss = (evidence: Evidence): string[] => [
  ...brokenPromises({ ...evidence, books: { ...evidence.books, missing: [] } }),
  ...harmsOf(evidence.books.truth, evidence.books.movements),
];

/** What the application owes to whoever was told 202, under any strategy. */
export function brokenPromises({ sold, left, unready, books, misled, after }: Evidence): string[] {
  const { accepted, orders, unexpected, complaints } = sold;
  const different = new Set(orders.map(({ orderId }) => orderId)).size;
  const [missing] = books.missing;
  return [
    ...(different === 0 || different !== accepted
      ? [`${accepted} buyers were told 202, of ${different} different orders`]
      : []),
    ...(missing === undefined
      ? []
      : [`${books.missing.length} accepted orders are not terminal, such as ${missing}`]),
    ...(books.mistold > 0 ? [`${books.mistold} orders have events too few or too many`] : []),
    ...(unexpected > 0 ? [`${unexpected} buyers got no proper answer: ${complaints.join('; ')}`] : []),
    ...left.flatMap((rest) =>
      rest.orders === 0 && rest.jobs === 0 ? [] : [`${rest.orders} orders and ${rest.jobs} jobs never ended`],
    ),
    ...unready.map((told) => `never ready again: ${told}`),
    ...(misled.length > 0 ? [`${misled.length} repeated checkouts went wrong, such as ${misled[0]}`] : []),
    ...(isDeepStrictEqual(after.truth, books.truth) ? [] : ['asking again had a second effect']),
  ];
}

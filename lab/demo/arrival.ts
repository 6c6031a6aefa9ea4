import { count } from './format.js';

interface Arrived {
  plannedRequests: number;
  figures: { requests: number; droppedIterations: number };
}

/** A request or two may fall off at the edges of k6's schedule, and of a long one a few more. */
const toleratedShortfall = (planned: number) => Math.max(2, 0.01 * planned);

/** Why the load of a run is not the one that was planned. */
export function arrivalDoubts(of: string, { plannedRequests, figures }: Arrived): string[] {
  const { requests, droppedIterations } = figures;
  if (droppedIterations > 0) {
    return [`${of} dropped ${count(droppedIterations)} requests that k6 could not send in time.`];
  }
  if (requests >= plannedRequests - toleratedShortfall(plannedRequests)) return [];
  return [`${of} got ${count(requests)} of ${count(plannedRequests)} planned requests.`];
}

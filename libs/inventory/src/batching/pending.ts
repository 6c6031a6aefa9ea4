import { RefusedError } from '../section/errors.js';
import { verdictOn } from '../section/verdict-on.js';

/** When those are told whom a batch has served: `tell` is called at once or soon. */
export type Telling = (tell: () => void) => void;

/** What is pending in a lane, first come first: orders, or reservations that are to end. `S` is the section that serves it. */
export interface Pending<S> {
  readonly count: number;
  /** Serves the next batch of it. */
  serve(section: S, telling: Telling): Promise<void>;
  /** Rejects all behind the first `keep`. */
  reject(reason: unknown, keep?: number): void;
}

/** For one that failed alone. */
export const rejectAlone = ({ reject }: { readonly reject: (error: unknown) => void }, error: unknown) =>
  reject(verdictOn(error) === 'refused' ? new RefusedError(error) : error);

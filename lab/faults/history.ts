import { now } from '../clock.js';

/** What one process did, or what was done to it or to a server. */
export type EventKind =
  /** asked for the lock, was granted it, was done with its work, gave it back, was told that it lost it, gave up */
  | 'asked'
  | 'granted'
  | 'finished'
  | 'released'
  | 'lost'
  | 'failed'
  /** read the stock; its write was accepted, or refused because the row was no longer its own */
  | 'read'
  | 'wrote'
  | 'refused'
  /** the faults */
  | 'killed'
  | 'stopped'
  | 'continued'
  | 'fault'
  | 'repaired';

export interface HistoryEvent {
  /** Milliseconds on the machine's monotonic clock, which all of its processes share. */
  readonly at: number;
  /** The process, or the server that a fault was done to. */
  readonly actor: string;
  readonly kind: EventKind;
  readonly resource?: string;
  /** The lease's fencing token; as text, since JSON has no bigint. */
  readonly token?: string;
  readonly detail?: string;
}

/** One stay of a process in the lock, by the word of the lock: from its grant until its work was done or it died. */
export interface Hold {
  readonly actor: string;
  readonly resource?: string;
  readonly token?: string;
  readonly from: number;
  /** Infinity where it never ended. */
  readonly to: number;
}

const ENDS_A_HOLD = new Set<EventKind>(['finished', 'released', 'failed', 'killed']);
/** Who was told that the lock is gone does not hold it any more, by its own word too, though its work may take a while to stop. */
export const UNTIL_TOLD: ReadonlySet<EventKind> = new Set<EventKind>([...ENDS_A_HOLD, 'lost']);

/** Who asked, was granted with which token, read, wrote, released, and which faults there were, in the order of time. */
export class History {
  readonly #events: HistoryEvent[] = [];

  record(event: HistoryEvent): void {
    // Processes report by pipes of their own: what happened first need not arrive first.
    const next = this.#events.findLastIndex(({ at }) => at <= event.at) + 1;
    this.#events.splice(next, 0, event);
  }

  /** Records what happens now, outside the processes. Returns when. */
  note(actor: string, kind: EventKind, detail?: string): number {
    const at = now();
    this.record({ at, actor, kind, detail });
    return at;
  }

  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  /** The first event of this kind by this actor. */
  find(actor: string, kind: EventKind): HistoryEvent | undefined {
    return this.#events.find((event) => event.actor === actor && event.kind === kind);
  }

  /** @param endings what ends a hold, if not only that its holder gave it back, failed or died */
  holds(endings: ReadonlySet<EventKind> = ENDS_A_HOLD): Hold[] {
    return this.#events.flatMap(({ kind, actor, resource, token, at }, i) => {
      if (kind !== 'granted') return [];
      const end = this.#events
        .slice(i + 1)
        .find(
          (later) =>
            later.actor === actor && endings.has(later.kind) && (later.resource ?? resource) === resource,
        );
      return [{ actor, resource, token, from: at, to: end?.at ?? Infinity }];
    });
  }
}

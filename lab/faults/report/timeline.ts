import type { EventKind, HistoryEvent } from '../history.js';

/** A stretch of time in a row, in milliseconds since the first event. */
interface Bar {
  readonly kind: 'waits' | 'holds' | 'stopped' | 'down';
  readonly from: number;
  readonly to: number;
  readonly token?: string;
}

interface Mark {
  readonly kind: EventKind;
  readonly at: number;
  readonly detail?: string;
}

/** What one process did with one resource. */
interface Row {
  readonly actor: string;
  readonly bars: readonly Bar[];
  readonly marks: readonly Mark[];
}

/** A stretch in which something was wrong with a resource: nobody could have it, or two had it. */
interface Band {
  readonly kind: 'dead' | 'double';
  readonly from: number;
  readonly to: number;
}

/** The rows of the processes that share a resource. */
interface Group {
  readonly rows: readonly Row[];
  readonly bands: readonly Band[];
}

export interface Timeline {
  /** In milliseconds. */
  readonly length: number;
  readonly groups: readonly Group[];
  /** What was done to servers that did not come back: those that did have rows of their own, the first ones. */
  readonly faults: readonly (Mark & { readonly server: string })[];
}

const SHOWN = new Set<EventKind>(['read', 'wrote', 'refused', 'lost', 'killed', 'failed', 'repaired']);
const OF_SERVERS = new Set<EventKind>(['fault', 'repaired']);

/** Lays a history out: who waited, who held, when nobody could and when more did than there are permits. */
export function layOut(events: readonly HistoryEvent[], permits = 1): Timeline {
  const begin = events[0]?.at ?? 0;
  const end = (events.at(-1)?.at ?? 0) - begin;
  const told = events.map((event) => Object.assign({}, event, { at: event.at - begin }));
  const ofServer = ({ kind, resource }: HistoryEvent) => OF_SERVERS.has(kind) && resource === undefined;
  const ofProcesses = told.filter((event) => !ofServer(event));
  const resources = [...new Set(ofProcesses.flatMap(({ resource }) => resource ?? []))];
  const outages = outagesIn(told);
  const cameBack = new Set(outages.map(({ actor }) => actor));
  return {
    length: end,
    groups: [
      ...(outages.length > 0 ? [{ rows: outages, bands: [] }] : []),
      ...resources.map((resource) => groupOf(resource, ofProcesses, end, permits)),
    ],
    faults: told
      .filter((event) => ofServer(event) && !cameBack.has(event.actor))
      .map(({ at, kind, actor, detail }) => ({ at, kind, server: actor, detail })),
  };
}

/** The rows of the servers that were down and came back. */
function outagesIn(events: readonly HistoryEvent[]): Row[] {
  const servers = [...new Set(events.flatMap(({ kind, actor }) => (kind === 'repaired' ? [actor] : [])))];
  const rows = servers.toSorted().map((actor) => {
    const own = events.filter((event) => event.actor === actor);
    const bars = own.flatMap(({ kind, at: from }, i): Bar[] => {
      const repaired = own.slice(i + 1).find((later) => later.kind === 'repaired');
      return kind === 'fault' && repaired ? [{ kind: 'down', from, to: repaired.at }] : [];
    });
    return { actor, bars, marks: [] };
  });
  return rows.filter(({ bars }) => bars.length > 0);
}

function groupOf(resource: string, events: readonly HistoryEvent[], end: number, permits: number): Group {
  const actors = [
    ...new Set(events.filter((event) => event.resource === resource).map(({ actor }) => actor)),
  ];
  // What was done to a process was done to all it had in hand.
  const of = (actor: string) =>
    events.filter((event) => event.actor === actor && (event.resource ?? resource) === resource);
  const rows = actors.map((actor) => rowOf(actor, of(actor), end));
  return { rows, bands: bandsOf(rows, permits) };
}

function rowOf(actor: string, events: readonly HistoryEvent[], end: number): Row {
  const until = (i: number, ...kinds: EventKind[]) =>
    events.slice(i + 1).find(({ kind }) => kinds.includes(kind))?.at ?? end;
  const bars = events.flatMap(({ kind, at: from, token }, i): Bar[] => {
    if (kind === 'asked')
      return [{ kind: 'waits', from, to: until(i, 'granted', 'released', 'failed', 'killed') }];
    if (kind === 'granted')
      return [{ kind: 'holds', from, to: until(i, 'finished', 'released', 'failed', 'killed'), token }];
    return kind === 'stopped' ? [{ kind: 'stopped', from, to: until(i, 'continued', 'killed') }] : [];
  });
  const marks = events.flatMap(({ kind, at, detail }) => (SHOWN.has(kind) ? [{ kind, at, detail }] : []));
  return { actor, bars, marks };
}

function bandsOf(rows: readonly Row[], permits: number): Band[] {
  const holds = rows
    .flatMap(({ actor, bars, marks }) =>
      bars.flatMap((bar) => (bar.kind === 'holds' ? [{ ...bar, actor, marks }] : [])),
    )
    .toSorted((a, b) => a.from - b.from);
  const doubles = holds.flatMap(({ from }): Band[] => {
    const sharing = holds.filter((other) => other.from <= from && from < other.to);
    const to = Math.min(...sharing.map((other) => other.to));
    return sharing.length > permits ? [{ kind: 'double', from, to }] : [];
  });
  const dead = holds.flatMap(({ actor, to, marks }, i): Band[] => {
    const next = holds.slice(i + 1).find((other) => other.actor !== actor);
    const killed = marks.some(({ kind, at }) => kind === 'killed' && at === to);
    return killed && next && next.from >= to ? [{ kind: 'dead', from: to, to: next.from }] : [];
  });
  return [...doubles, ...dead];
}

import { format } from 'prettier';
import { PROMISES, type Promises } from './promises.js';

const yes = (promised: boolean) => (promised ? 'yes' : 'no');

const ORDER: Record<Promises['order'], string> = {
  none: 'none',
  always: 'first come',
};

const FREED_BY: Record<Promises['freedBy'], string> = {
  ttl: 'its TTL',
  session: "its session's end",
  connection: "its connection's end",
  process: 'nothing: the lock ends with the process',
  nobody: 'nobody, ever',
};

function deadTime({ deadTime: dead, takeover, freedBy }: Promises): string {
  if (freedBy === 'process') return '-';
  if (!dead) return 'for ever';
  const ttls = ['at once', '≤ TTL', '≤ 2 TTL'][dead.ttls]!;
  return takeover ? `${ttls}; at once where fenced` : ttls;
}

/** Whether a holder that was stopped for longer than its TTL still has the lock. */
function afterPause({ freedBy }: Promises): string {
  if (freedBy === 'process') return '-';
  return freedBy === 'ttl' || freedBy === 'session' ? 'lost, holder told' : 'kept';
}

const LOSS_SEEN: Record<Promises['lossSeen'], string> = {
  'at once': 'at once',
  watchdog: 'TTL/3',
  release: 'at its release',
  never: '-',
};

/** The columns of the table, in their order. */
const COLUMNS: Readonly<Record<string, (promises: Promises) => string>> = {
  excludes: ({ excludes }) => excludes,
  order: ({ order }) => ORDER[order],
  'fencing token': ({ fenced }) => yes(fenced),
  watchdog: ({ watchdog }) => yes(watchdog),
  'wake-up': ({ wakeUp }) => wakeUp,
  reentrant: () => 'no',
  'a dead holder is ended by': ({ freedBy }) => FREED_BY[freedBy],
  'dead time after a crash': deadTime,
  'pause longer than the TTL': afterPause,
  'loss in the store is noticed': ({ lossSeen }) => LOSS_SEEN[lossSeen],
  'server crash and restart': ({ serverCrash }) => (serverCrash === 'no server' ? '-' : serverCrash),
  quorum: ({ quorum }) => quorum,
  'least TTL': ({ leastTtl }) => (leastTtl === 0 ? '-' : `${leastTtl / 1_000} s`),
  'left per resource': ({ leaves }) => String(leaves),
};

/** What every driver promises, as a Markdown table. */
export async function guaranteeTable(): Promise<string> {
  const header = ['driver', ...Object.keys(COLUMNS)];
  const rows = Object.entries(PROMISES).map(([name, promises]) =>
    [`\`${name}\``, Object.values(COLUMNS).map((cell) => cell(promises))].flat(),
  );
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return format(lines.join('\n'), { parser: 'markdown' });
}

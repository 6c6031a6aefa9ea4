import { format } from 'prettier';
import { LOCK_TRAITS, runsOut, type LockTraits } from '../src/index.js';

const yes = (promised: boolean) => (promised ? 'yes' : 'no');

const FREED_BY: Record<LockTraits['freedBy'], string> = {
  ttl: 'its TTL',
  session: "its session's end",
  connection: "its connection's end",
  process: 'nothing: the lock ends with the process',
  nobody: 'nobody, ever',
};

function deadTime({ deadTtls, deadExtraMs, takeover, freedBy }: LockTraits): string {
  if (freedBy === 'process') return '-';
  if (deadTtls === undefined) return 'for ever';
  const ttls = ['at once', '≤ TTL', '≤ 2 TTL'][deadTtls]!;
  if (deadExtraMs !== undefined) return `${ttls} + ${deadExtraMs / 1_000} s`;
  return takeover ? `${ttls}; at once with early takeover` : ttls;
}

/** Whether a holder that was stopped for longer than its TTL still has the lock. */
function afterPause(traits: LockTraits): string {
  if (traits.freedBy === 'process') return '-';
  return runsOut(traits) ? 'lost, holder told' : 'kept';
}

const LOSS_SEEN: Record<LockTraits['lossSeen'], string> = {
  'at once': 'at once',
  watchdog: 'TTL/3',
  release: 'at its release',
  never: '-',
};

/** The columns of the table, in their order. */
const COLUMNS: Readonly<Record<string, (traits: LockTraits) => string>> = {
  excludes: ({ excludes }) => excludes,
  order: ({ order }) => order,
  'fencing token': ({ tokens }) => yes(tokens),
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
  const rows = Object.entries(LOCK_TRAITS).map(([name, traits]) =>
    [`\`${name}\``, Object.values(COLUMNS).map((cell) => cell(traits))].flat(),
  );
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return format(lines.join('\n'), { parser: 'markdown' });
}

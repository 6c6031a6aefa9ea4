import { useEffect, useRef } from 'preact/hooks';
import type { Access } from './access.js';
import { watchSale, type Live, type Sale } from './api.js';
import type { ControlState } from './control.js';
import { count } from './format.js';
import { soldIn, useHistory } from './history.js';
import { meansOf, Panel } from './panel.js';
import { usePolling } from './polling.js';

interface ComparisonProps {
  readonly access: Access;
  readonly sales: readonly Sale[];
  readonly control?: ControlState;
  readonly announce: (text: string) => void;
}

const LIVE_PAUSE_MS = 400;
/** The axis of the charts reaches this far at least. */
const LEAST_SECONDS = 10;

/** The two sales side by side, on the same scales. */
export function Comparison({ access: { key }, sales, control, announce }: ComparisonProps) {
  const [off, on] = sales as [Sale, Sale];
  const polledOff = usePolling(() => watchSale(key, off.id), LIVE_PAUSE_MS, [off.id]);
  const polledOn = usePolling(() => watchSale(key, on.id), LIVE_PAUSE_MS, [on.id]);
  const busy = control?.load.running !== undefined;
  const historyOff = useHistory(polledOff.value, busy);
  const historyOn = useHistory(polledOn.value, busy);
  const lockTimes = useLockTimes(control);
  useAnnouncements(polledOff.value, control, announce);

  const last = (times: readonly number[]) => times.at(-1) ?? 0;
  const most = (live: Live | undefined) => (live ? Math.max(live.total.initial, soldIn(live)) : 1);
  const reach = {
    seconds: Math.max(LEAST_SECONDS, last(historyOff.curve[0]), last(historyOn.curve[0])),
    units: Math.max(most(polledOff.value), most(polledOn.value)),
  };
  const shared = { accessKey: key, announce, reach, control };
  return (
    <div class="panels">
      <Panel
        {...shared}
        {...historyOff}
        title="Lock-off"
        sale={off}
        live={polledOff.value}
        error={polledOff.error}
        lockTimes={lockTimes[off.strategy]}
      />
      <Panel
        {...shared}
        {...historyOn}
        title="Lock-on"
        sale={on}
        live={polledOn.value}
        error={polledOn.error}
        lockTimes={lockTimes[on.strategy]}
      />
    </div>
  );
}

type Means = ReturnType<typeof meansOf>;

/** Means of the last moments in which there was something to measure, by driver. A strategy with a lock is named as its driver. */
function useLockTimes(control: ControlState | undefined): Record<string, Means> {
  const seen = useRef<ControlState>(undefined);
  const means = useRef<Record<string, Means>>({});
  if (control && control !== seen.current) {
    for (const [driver, now] of Object.entries(control.lockTimes)) {
      const mean = meansOf(seen.current?.lockTimes[driver], now);
      if (mean?.holdMs !== undefined) means.current[driver] = mean;
    }
    seen.current = control;
  }
  return means.current;
}

/** Says what happens to those who cannot see it: the first oversold unit, the end of a load, a dead time. */
function useAnnouncements(
  off: Live | undefined,
  control: ControlState | undefined,
  announce: (text: string) => void,
) {
  const oversold = (off?.total.oversold ?? 0) > 0;
  const ended = control?.load.last !== undefined;
  const crash = control?.crashes[0];
  useEffect(() => {
    if (oversold) announce('The lock-off side has sold more than there is.');
  }, [oversold]);
  useEffect(() => {
    if (ended && off)
      announce(`The load has ended. The lock-off side oversold ${count(off.total.oversold)} units.`);
  }, [ended]);
  useEffect(() => {
    if (crash?.deadMs !== undefined)
      announce(
        `After the crash of ${crash.worker} nothing was sold for ${count(crash.deadMs)} milliseconds.`,
      );
  }, [crash?.at, crash?.deadMs]);
}

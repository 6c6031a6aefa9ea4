import type { Live, Sale } from './api.js';
import { Chart } from './chart.js';
import type { ControlState, Crash, LockTimes } from './control.js';
import { count, milliseconds, seconds } from './format.js';
import { soldIn, type Curve } from './history.js';
import { SaleControls } from './sale-controls.js';
import { LockView } from './lock-view.js';

interface PanelProps {
  readonly accessKey: string;
  readonly announce: (text: string) => void;
  readonly title: string;
  readonly sale: Sale;
  readonly live?: Live;
  readonly error?: string;
  readonly curve: Curve;
  readonly ordersPerSecond: number;
  readonly reach: { readonly seconds: number; readonly units: number };
  readonly control?: ControlState;
  /** Mean over the last moments. */
  readonly lockTimes?: { readonly waitMs?: number; readonly holdMs?: number };
}

/** One of the two sales, as it is now. */
export function Panel({
  accessKey,
  announce,
  title,
  sale,
  live,
  error,
  curve,
  ordersPerSecond,
  reach,
  control,
  lockTimes,
}: PanelProps) {
  const total = live?.total;
  const sold = live ? soldIn(live) : 0;
  const { oversold = 0, initial = 0 } = total ?? {};
  const lostUpdates = total?.lostUpdates ?? 0;
  const id = `sale-${sale.id}`;
  return (
    <article class={`panel ${toneOf(sold, oversold, lostUpdates)}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>
          {title} <code>{sale.strategy}</code>
        </h2>
        <p class="hero">
          <strong data-figure="oversold">{count(oversold)}</strong> oversold
        </p>
        <p class="sentence">
          Sold <b data-figure="sold">{count(sold)}</b> of <b data-figure="stock">{count(initial)}</b> units
          {oversold > 0 && <>: {count(oversold)} buyers will be disappointed</>}.
        </p>
      </header>
      <StockBar sold={sold} stock={initial} reach={reach.units} />
      <dl class="figures">
        <Figure name="Left, by the database" value={count(total?.available ?? 0)} />
        <Figure name="Orders settled" value={`${count(ordersPerSecond)}/s`} />
        <Figure name="In the queue" value={count(total?.pending ?? 0)} />
        <Figure name="Lost updates" value={count(lostUpdates)} bad={lostUpdates > 0} />
        <Figure name="Lock wait, mean" value={milliseconds(lockTimes?.waitMs)} />
        <Figure name="Lock hold, mean" value={milliseconds(lockTimes?.holdMs)} />
      </dl>
      <SaleControls accessKey={accessKey} sale={sale} state={live?.state} announce={announce} />
      <LockView strategy={sale.strategy} lock={live?.locks?.[0]} control={control} />
      <Chart
        curve={curve}
        stock={initial}
        reach={reach}
        label={`Units sold over time: ${count(sold)} now, of a stock of ${count(initial)}`}
      />
      <Crashes
        crashes={(control?.crashes ?? []).filter(({ saleId }) => saleId === sale.id)}
        busy={control?.load.running !== undefined}
      />
      {error && <p class="problem">{error}</p>}
    </article>
  );
}

function toneOf(sold: number, oversold: number, lostUpdates: number): string {
  if (oversold > 0) return 'bad';
  if (lostUpdates > 0) return 'doubt'; // it will show once the stock runs out
  return sold > 0 ? 'good' : '';
}

function StockBar({ sold, stock, reach }: { sold: number; stock: number; reach: number }) {
  const share = (units: number) => `${(100 * units) / Math.max(reach, 1)}%`;
  return (
    <div class="bar" aria-hidden="true">
      <div class="sold" style={{ width: share(Math.min(sold, stock)) }} />
      <div class="over" style={{ left: share(stock), width: share(Math.max(0, sold - stock)) }} />
      <div class="mark" style={{ left: share(stock) }} />
    </div>
  );
}

function Figure({ name, value, bad = false }: { name: string; value: string; bad?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={bad ? 'bad' : ''}>{value}</dd>
    </div>
  );
}

function Crashes({ crashes, busy }: { crashes: readonly Crash[]; busy: boolean }) {
  if (crashes.length === 0) return null;
  return (
    <section class="crashes">
      <h3>Killed workers</h3>
      <ul>
        {crashes.slice(0, 3).map(({ worker, at, heldLock, deadMs }) => (
          <li key={at}>
            <b>{worker}</b> {heldLock ? 'held the lock' : 'did not hold the lock'}.{' '}
            {deadMs !== undefined && (
              <>
                Dead time <b data-figure="dead-time">{seconds(deadMs)}</b>
              </>
            )}
            {deadMs === undefined &&
              (busy ? `Nothing sold for ${seconds(Date.now() - at)}` : 'Nobody bought since.')}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Means between two readings; nothing where nothing happened, or where a worker started anew in between. */
export function meansOf(before: LockTimes | undefined, now: LockTimes | undefined) {
  if (!before || !now) return undefined;
  const mean = (events: 'waits' | 'holds', time: 'waitedSeconds' | 'heldSeconds') => {
    const happened = now[events] - before[events];
    return happened > 0 ? Math.max(0, ((now[time] - before[time]) * 1_000) / happened) : undefined;
  };
  return { waitMs: mean('waits', 'waitedSeconds'), holdMs: mean('holds', 'heldSeconds') };
}

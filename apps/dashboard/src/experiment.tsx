import { useEffect, useState } from 'preact/hooks';
import type { Access } from './access.js';
import { createSale, strategies, type Sale } from './api.js';
import { Control, type ControlState } from './control.js';
import { useDoing } from './doing.js';

interface ExperimentProps {
  readonly access: Access;
  readonly state?: ControlState;
  readonly sales: readonly Sale[];
  readonly onSales: (sales: Sale[]) => void;
  readonly announce: (text: string) => void;
}

const DEFAULTS = { stock: 500, off: 'none', on: 'redis', buyers: 150, seconds: 15 };

/** What is compared, and what is done to it. */
export function Experiment({ access, state, sales, onSales, announce }: ExperimentProps) {
  const [settings, setSettings] = useState(DEFAULTS);
  const [known, setKnown] = useState([DEFAULTS.off, DEFAULTS.on]);
  const { problem, waiting, doing } = useDoing(announce);
  const control = Control.of(access);
  const running = state?.load.running !== undefined;
  useEffect(() => void strategies(access.key).then(setKnown, () => undefined), [access]);

  const act = (done: string, action: () => Promise<unknown>) => (event: Event) => {
    event.preventDefault();
    void doing(done, action);
  };
  const create = act('Two sales were created.', async () => {
    const { stock, off, on } = settings;
    onSales([await createSale(access.key, off, stock), await createSale(access.key, on, stock)]);
  });
  const start = act('Buyers are arriving.', async () =>
    control?.startLoad(
      sales.map(({ id }) => id),
      settings.buyers,
      settings.seconds,
    ),
  );
  const stop = act('The load was stopped.', async () => control?.stopLoad());
  const kill = act('A worker was killed.', async () => control?.crash(sales[1]!.id));
  const number = (name: 'stock' | 'buyers' | 'seconds', label: string, max: number) => (
    <label>
      {label}
      <input
        type="number"
        name={name}
        required
        min={1}
        max={max}
        value={settings[name]}
        onInput={({ currentTarget: { valueAsNumber } }) =>
          Number.isNaN(valueAsNumber) || setSettings({ ...settings, [name]: valueAsNumber })
        }
      />
    </label>
  );
  const strategy = (name: 'off' | 'on', label: string) => (
    <label>
      {label}
      <select
        name={name}
        value={settings[name]}
        onChange={({ currentTarget: { value } }) => setSettings({ ...settings, [name]: value })}
      >
        {known.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );

  return (
    <section class="experiment" aria-label="The experiment">
      <form onSubmit={create}>
        {number('stock', 'Stock', 100_000)}
        {strategy('off', 'Lock-off side')}
        {strategy('on', 'Lock-on side')}
        <button class={sales.length === 0 ? 'primary' : ''} disabled={waiting || running}>
          Create two sales
        </button>
      </form>
      {control && (
        <form onSubmit={start}>
          {number('buyers', 'Buyers a second', 500)}
          {number('seconds', 'For seconds', 120)}
          {running ? (
            <button type="button" onClick={stop}>
              Stop load
            </button>
          ) : (
            <button class={sales.length > 0 ? 'primary' : ''} disabled={waiting || sales.length === 0}>
              Start load
            </button>
          )}
          <button type="button" class="danger" disabled={waiting || sales.length === 0} onClick={kill}>
            Kill the lock holder
          </button>
        </form>
      )}
      {!control && (
        <p class="note">
          Load, crashes and reports are there where <code>npm start</code> runs: open the link that it prints.
        </p>
      )}
      <LoadLine state={state} />
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}

function LoadLine({ state }: { state?: ControlState }) {
  const { running, last } = state?.load ?? {};
  if (running) {
    const left = Math.max(0, Math.ceil(running.seconds - (Date.now() - running.startedAt) / 1_000));
    return <p class="note">Load is on: about {left} s to go.</p>;
  }
  if (!last) return null;
  if (last.error) return <p class="problem">The load failed: {last.error}</p>;
  const { requests = 0, unexpected = 0, dropped = 0 } = last;
  const missed = dropped > 0 ? `, ${dropped} buyers could not be sent in time` : '';
  return (
    <p class="note">
      The last load made {requests} checkouts, {unexpected} with an unexpected answer{missed}.
    </p>
  );
}

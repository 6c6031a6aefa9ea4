import { useState } from 'preact/hooks';
import { adjustStock, controlSale, type Live, type Sale, type SaleAction } from './api.js';
import { useDoing } from './doing.js';

interface SaleControlsProps {
  readonly accessKey: string;
  readonly sale: Sale;
  readonly state?: Live['state'];
  readonly announce: (text: string) => void;
}

const STATES = { scheduled: 'has not started', open: 'sells', paused: 'is paused', ended: 'has ended' };

/** Also on a page that came without TLS, where browsers offer no UUIDs. */
const newKey = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

/** What an admin may do to a running sale. Each act has one key, so that a second click after a lost answer does nothing twice. */
export function SaleControls({ accessKey, sale, state, announce }: SaleControlsProps) {
  const [units, setUnits] = useState(100);
  const [adjustment, setAdjustment] = useState(newKey);
  const { problem, waiting, doing } = useDoing(announce);
  const act = (action: SaleAction, done: string) => () =>
    void doing(done, () => controlSale(accessKey, sale.id, action));
  const adjust = (event: Event) => {
    event.preventDefault();
    void doing('The stock was changed.', async () => {
      await adjustStock(accessKey, sale.id, units, adjustment);
      setAdjustment(newKey());
    });
  };
  return (
    <section class="controls" aria-label={`Steer the ${sale.strategy} sale`}>
      <p class="note">
        The sale <b data-figure="state">{state ? STATES[state] : '…'}</b>.
      </p>
      <form onSubmit={adjust}>
        {state === 'paused' ? (
          <button type="button" disabled={waiting} onClick={act('resume', 'The sale goes on.')}>
            Resume
          </button>
        ) : (
          <button
            type="button"
            disabled={waiting || state !== 'open'}
            onClick={act('pause', 'The sale is paused.')}
          >
            Pause
          </button>
        )}
        <button
          type="button"
          class="danger"
          disabled={waiting || state === 'ended'}
          onClick={act('end', 'The sale has ended.')}
        >
          End now
        </button>
        <label>
          Units
          <input
            type="number"
            name="units"
            required
            min={-1_000_000}
            max={1_000_000}
            value={units}
            onInput={({ currentTarget: { valueAsNumber } }) => {
              if (Number.isNaN(valueAsNumber)) return;
              setUnits(valueAsNumber);
              setAdjustment(newKey());
            }}
          />
        </label>
        <button disabled={waiting || units === 0}>{units < 0 ? 'Withdraw' : 'Add'}</button>
      </form>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}

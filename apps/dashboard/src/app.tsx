import { useState } from 'preact/hooks';
import { forgetAccess, keepAccess, readAccess, type Access } from './access.js';
import type { Sale } from './api.js';
import { Comparison } from './comparison.js';
import { Control } from './control.js';
import { Experiment } from './experiment.js';
import { usePolling } from './polling.js';
import { Reports } from './reports.js';
import { SignIn } from './sign-in.js';

const CONTROL_PAUSE_MS = 1_000;
const SALES_STORED_AS = 'flash-sale-sales';

export function App() {
  const [access, setAccess] = useState(readAccess);
  return (
    <>
      <header class="top">
        <p class="brand">Flash sale, live</p>
        {access && (
          <button
            class="quiet"
            onClick={() => {
              forgetAccess();
              setAccess(undefined);
            }}
          >
            Forget the key
          </button>
        )}
      </header>
      <main>
        <h1>
          One stampede, two sales: <span class="off">no lock</span> and <span class="on">a lock</span>
        </h1>
        <p class="lead">
          The same buyers want the same stock of the same workers. On one side nothing keeps their checkouts
          apart; on the other a lock does.
        </p>
        {access ? <Stage access={access} /> : <SignIn onAccess={(given) => setAccess(keepAccess(given))} />}
      </main>
    </>
  );
}

function Stage({ access }: { access: Access }) {
  const [sales, setSales] = useState(readSales);
  const [said, setSaid] = useState('');
  const control = Control.of(access);
  const { value: state, error } = usePolling(control?.state, CONTROL_PAUSE_MS, [access]);
  const onSales = (created: Sale[]) => {
    sessionStorage.setItem(SALES_STORED_AS, JSON.stringify(created));
    setSales(created);
  };
  return (
    <>
      <Experiment access={access} state={state} sales={sales} onSales={onSales} announce={setSaid} />
      {error && <p class="problem">Local control: {error}</p>}
      <p class="unseen" role="status">
        {said}
      </p>
      {sales.length === 2 && (
        <Comparison key={sales[0]!.id} access={access} sales={sales} control={state} announce={setSaid} />
      )}
      {control && <Reports control={control} />}
    </>
  );
}

function readSales(): Sale[] {
  return JSON.parse(sessionStorage.getItem(SALES_STORED_AS) ?? '[]') as Sale[];
}

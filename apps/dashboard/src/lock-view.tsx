import type { Live } from './api.js';
import type { ControlState } from './control.js';

interface LockViewProps {
  readonly strategy: string;
  readonly lock?: NonNullable<Live['locks']>[number];
  readonly control?: ControlState;
}

const DEAD = ', dead';

/** Who holds the lock at this moment, and who waits. */
export function LockView({ strategy, lock, control }: LockViewProps) {
  if (!lock) {
    return (
      <p class="lock none">
        {strategy === 'none'
          ? 'No lock: every worker walks in whenever it likes.'
          : `${strategy} shows no holder.`}
      </p>
    );
  }
  const name = nameIn(control);
  return (
    <dl class="lock">
      <div>
        <dt>Holds the lock now</dt>
        <dd>{lock.holder ? <Holder name={name(lock.holder)} /> : <span class="chip">nobody</span>}</dd>
      </div>
      <div>
        <dt>Waits, in this order</dt>
        <dd>
          {lock.waiters === null && <span class="chip">unknown: they poll</span>}
          {lock.waiters?.length === 0 && <span class="chip">nobody</span>}
          {lock.waiters?.map((waiter) => (
            <span class="chip waits" key={waiter}>
              {name(waiter)}
            </span>
          ))}
        </dd>
      </div>
    </dl>
  );
}

/** A dead one holds it until its time is over, or until somebody may take over. */
function Holder({ name }: { name: string }) {
  return <span class={name.endsWith(DEAD) ? 'chip holds dead' : 'chip holds'}>{name}</span>;
}

/** The local stack knows its processes by name, the dead ones too. */
const nameIn = (control: ControlState | undefined) => (process: string) => {
  const alive = control?.workers.find((worker) => worker.process === process);
  const dead = control?.crashes.find((crash) => crash.process === process);
  return alive?.name ?? (dead ? dead.worker + DEAD : process);
};

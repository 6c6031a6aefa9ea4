import { send, type Checkout } from './send.js';

export interface Sending {
  readonly url: string;
  readonly checkout: Checkout;
  readonly amount: number;
  readonly connections: number;
}

/** What its parent reads. */
export interface Sent {
  readonly answers: readonly (readonly [status: number, count: number])[];
  readonly seconds: number;
}

/**
 * Sends checkouts, and never sleeps. Whoever answers a process of the same machine that sleeps has to wake it, and the kernel counts that as
 * the time of who answers. Clients elsewhere cost nothing like it, nor does one that cannot keep up, as with a bare route.
 */
export async function sender(json: string): Promise<void> {
  const { url, checkout, amount, connections } = JSON.parse(json) as Sending;
  const stayAwake = () => void setImmediate(stayAwake);
  stayAwake();
  const began = Date.now();
  const { answers, answeredAt } = await send(url, [checkout], amount, connections);
  const sent: Sent = { answers: [...answers], seconds: (answeredAt - began) / 1_000 };
  console.log(JSON.stringify(sent));
  process.exit();
}

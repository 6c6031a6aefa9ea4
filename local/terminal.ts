const tickMs = 1_000;
const lineEveryMs = 15_000;

/** One line per step of the set-up: what was chosen, and why. */
export function step(what: string, why: string): void {
  console.log(`✓ ${what}: ${why}`);
}

/** Shows that a long step is alive: a ticking line on a terminal, an occasional line elsewhere. */
export async function withProgress<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = Date.now();
  const line = () => `… ${what} (${Math.round((Date.now() - began) / 1000)} s)`;
  const { isTTY } = process.stdout;
  const show = isTTY ? () => process.stdout.write(`\r${line()}\x1b[K`) : () => console.log(line());
  show();
  const ticking = setInterval(show, isTTY ? tickMs : lineEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(ticking);
    if (isTTY) process.stdout.write('\r\x1b[K');
  }
}

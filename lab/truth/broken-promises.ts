/** What the database says about a sale whose queue has drained. Units, except where it says otherwise. */
export interface Truth {
  readonly oversold: number;
  readonly undersold: number;
  /** Stock movements, counted. */
  readonly lostUpdates: number;
  readonly conserved: boolean;
  /** Orders that are terminal. */
  readonly ended: number;
}

/**
 * What a run broke, as sentences: none if it kept every promise. A strategy that promises nothing has to bring every order
 * to an end, and no more.
 */
export function brokenPromises(run: string, safe: boolean, orders: number, truth: Truth): string[] {
  const { oversold, undersold, lostUpdates, conserved, ended } = truth;
  const broken: string[] = [];
  if (ended !== orders) broken.push(`of ${orders} orders ${ended} are terminal`);
  if (safe && oversold > 0) broken.push(`oversold ${oversold}`);
  if (safe && undersold > 0) broken.push(`undersold ${undersold}`);
  if (safe && lostUpdates > 0) broken.push(`lost ${lostUpdates} updates of the stock`);
  if (safe && !conserved) broken.push('what is available and what is sold are not the initial stock');
  return broken.map((what) => `${run}: ${what}`);
}

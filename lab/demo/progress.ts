import { count } from './format.js';

/** Where a run stands. */
export interface Progress {
  run: string;
  seconds: number;
  requests: number;
  accepted: number;
  sold: number;
  stock: number;
  queue: number;
}

export type OnProgress = (progress: Progress) => void;

const quietMs = 5_000;

/** One line that keeps changing on a terminal; elsewhere an occasional line. */
export class ProgressLine {
  private printedAt = 0;

  show = ({ run, seconds, requests, accepted, sold, stock, queue }: Progress): void => {
    // The end is cut off where the terminal is narrow: the most telling figures come first.
    const line = [
      `… ${run}`,
      `${Math.round(seconds)} s`,
      `sold ${count(sold)} of ${count(stock)}`,
      `queue ${count(queue)}`,
      `${count(accepted)} accepted`,
      `${count(requests)} requests`,
    ].join(' · ');
    if (process.stdout.isTTY) {
      process.stdout.write(`\r${line.slice(0, process.stdout.columns - 1)}\x1b[K`);
    } else if (Date.now() - this.printedAt >= quietMs) {
      this.printedAt = Date.now();
      console.log(line);
    }
  };

  clear(): void {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  }
}

import { median } from '../../statistics/quantiles.js';
import type { Cell } from '../cell.js';
import { duration } from './drawing.js';

/** The lock, and whether the fence guarded its writes. */
export const lockOf = ({ driver, fence }: Pick<Cell, 'driver' | 'fence'>) =>
  fence ? `${driver} + fence` : driver;

/** What a cell is called in its experiment. */
export const nameOf = (cell: Pick<Cell, 'driver' | 'fence' | 'variant'>) =>
  cell.variant ? `${lockOf(cell)}, ${cell.variant}` : lockOf(cell);

/** How many may hold at once: a semaphore says so. */
export const permitsIn = ({ permits = 1 }: Cell['figures']) => Number(permits);

/** Figures as one reads them: the median of a distribution, and from where to where it reaches. */
export function figuresIn(figures: Cell['figures']): string {
  return Object.entries(figures)
    .flatMap(([name, value]) => {
      const values = typeof value === 'number' ? [value] : value;
      if (values.length === 0) return [];
      const shown = (number: number) =>
        name.endsWith('Ms') ? duration(number) : number.toLocaleString('en-US', { maximumFractionDigits: 2 });
      const range =
        values.length > 1 ? ` (${shown(Math.min(...values))} – ${shown(Math.max(...values))})` : '';
      return [`${wordsOf(name)} ${shown(median([...values]))}${range}`];
    })
    .join('; ');
}

/** deadTimeMs: dead time */
const wordsOf = (name: string) =>
  name
    .replace(/Ms$/, '')
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .trim();

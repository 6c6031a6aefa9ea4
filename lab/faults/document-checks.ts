import type { Edit } from './document.js';

/** An edit that its editor was told is done. */
export interface Acknowledged extends Edit {
  /** Its place among the edits: when its lock was granted, or the version that it made. */
  readonly order: number;
}

/** Acknowledged edits that the text does not have. */
export const lostEdits = (text: string, edits: readonly Acknowledged[]): number =>
  edits.filter(({ mark }) => !text.includes(mark)).length;

/** Edits that the text has before one that was granted earlier. Appended and filled in, each kind has an order of its own. */
export function misplacedEdits(text: string, edits: readonly Acknowledged[]): number {
  const inText = edits
    .filter(({ mark }) => text.includes(mark))
    .toSorted((a, b) => text.indexOf(a.mark) - text.indexOf(b.mark));
  return (['append', 'replace'] as const)
    .map((kind) => inText.filter((edit) => edit.kind === kind))
    .flatMap((line) => line.filter(({ order }, i) => i > 0 && order < line[i - 1]!.order)).length;
}

/** Edits that the text has more than once. */
export const repeatedEdits = (text: string, edits: readonly Acknowledged[]): number =>
  edits.filter(({ mark }) => text.split(mark).length > 2).length;

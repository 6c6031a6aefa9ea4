import { html, type Html } from '../../report/html.js';
import type { Cell } from '../cell.js';
import type { Experiment } from '../experiment.js';
import { lockOf } from './words.js';

/** One field of the matrix: all seeds of a cell together, and all of its variants. */
export interface Field {
  readonly word: string;
  readonly tone: 'safe' | 'harmed' | 'wrong' | 'none';
}

/** Locks of the lab that more than one experiment tries; what only one tries is told in its own section. */
export function locksIn(cells: readonly Cell[]): string[] {
  const experimentsOf = new Map<string, Set<string>>();
  for (const cell of cells) {
    const experiments = experimentsOf.get(lockOf(cell)) ?? new Set();
    experimentsOf.set(lockOf(cell), experiments.add(cell.experiment));
  }
  const several = [...experimentsOf].filter(([, experiments]) => experiments.size > 1);
  return (several.length > 0 ? several : [...experimentsOf]).map(([lock]) => lock);
}

export function fieldOf(cells: readonly Cell[], experiment: string, lock: string): Field {
  const own = cells.filter((cell) => cell.experiment === experiment && lockOf(cell) === lock);
  if (own.length === 0) return { word: '', tone: 'none' };
  const wrong = own.find(({ verdict }) => verdict !== 'PASS');
  if (wrong) return { word: wrong.verdict, tone: 'wrong' };
  const harmed = own.filter(({ observed }) => observed === 'UNSAFE').length;
  if (harmed === 0) return { word: 'safe', tone: 'safe' };
  return { word: harmed === own.length ? 'harm' : 'depends', tone: 'harmed' };
}

export function matrixOf(experiments: readonly Experiment[], cells: readonly Cell[]): Html {
  const shown = experiments.filter(({ name }) => cells.some(({ experiment }) => experiment === name));
  return html`<div class="scroll" role="region" aria-labelledby="matrix" tabindex="0">
    <table class="matrix">
      <thead>
        <tr>
          <th scope="col" class="word">lock</th>
          ${shown.map(({ name }) => html`<th scope="col"><a href="#${name}">${name}</a></th>`)}
        </tr>
      </thead>
      <tbody>
        ${locksIn(cells).map(
          (lock) =>
            html`<tr>
              <th scope="row" class="word">${lock}</th>
              ${shown.map(({ name }) => {
                const { word, tone } = fieldOf(cells, name, lock);
                return html`<td class="${tone}" data-title="${name}">${word}</td>`;
              })}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

import { html, type Html } from '../../report/html.js';
import type { Cell } from '../cell.js';
import type { Scoreboard } from '../experiment.js';
import { lockOf } from './words.js';

/** A lock and what became of it, trial by trial. */
export interface Score {
  readonly lock: string;
  readonly version: string;
  /** In the order of the trials; absent where one does not apply. */
  readonly cells: readonly (Cell | undefined)[];
  /** Units that it let the sale sell beyond its stock, in all trials together. */
  readonly oversold: number;
}

export interface Scores {
  readonly trials: readonly string[];
  readonly scores: readonly Score[];
}

/** @param cells of one seed */
export function scoresOf({ versionOf }: Scoreboard, cells: readonly Cell[]): Scores {
  const trials = [...new Set(cells.map(({ variant }) => variant!))];
  const locks = [...new Set(cells.map(lockOf))];
  const scores = locks.map((lock) => {
    const own = cells.filter((cell) => lockOf(cell) === lock);
    return {
      lock,
      version: versionOf(own[0]!.driver),
      cells: trials.map((trial) => own.find(({ variant }) => variant === trial)),
      oversold: own.reduce((units, { figures }) => units + Number(figures['oversold'] ?? 0), 0),
    };
  });
  return { trials, scores };
}

/** Whether a trial came to harm. */
export const markOf = ({ observed, verdict }: Cell) =>
  `${observed === 'SAFE' ? '✓' : '✗'}${verdict === 'PASS' ? '' : ` ${verdict}`}`;

/** What a trial came to. */
export function judgementOf(cell: Cell): string {
  const { verdict, evidence } = cell;
  const [why = ''] = evidence.violations?.[0]?.split('\n') ?? [];
  const wrong = verdict === 'PASS' ? '' : `: ${why}`;
  return `${markOf(cell)}${wrong} ${withoutNames(evidence.account)}`;
}

/** Locks are named after sales, whose names tell nobody anything. */
const withoutNames = (account: string) =>
  account.replaceAll(/\s*[\w:]*[^\w ]*[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:hot)?\W*/g, ' …').trim();

export const headOf = ({ trials }: Scores) => ['lock', 'version', 'oversold', ...trials];

/** What a link in the page leads to. */
export const anchorOf = (cell: Cell) =>
  [cell.experiment, lockOf(cell), cell.variant, cell.seed].join('-').replaceAll(/[^a-z0-9]+/gi, '-');

export const tableOfScores = (label: string, board: Scores): Html => html`
  <div class="scroll" role="region" aria-labelledby="${label}" tabindex="0">
    <table class="scores">
      <thead>
        <tr>
          ${headOf(board).map((title) => html`<th scope="col" class="word">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${board.scores.map(
          ({ lock, version, oversold, cells }) =>
            html`<tr>
              <th scope="row" class="word">${lock}</th>
              <td class="word" data-title="version">${version}</td>
              <td class="word" data-title="oversold">${oversold}</td>
              ${cells.map(
                (cell, i) =>
                  html`<td class="word ${toneOf(cell)}" data-title="${board.trials[i]!}">
                    ${cell ? html`<a href="#${anchorOf(cell)}">${judgementOf(cell)}</a>` : ''}
                  </td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>
`;

/** Of one lock alone: what it guarantees. */
export const guaranteesOf = (label: string, { questions }: Scoreboard, cells: readonly Cell[]): Html => html`
  <div class="scroll" role="region" aria-labelledby="${label}" tabindex="0">
    <table class="scores">
      <thead>
        <tr>
          <th scope="col" class="word">asked</th>
          <th scope="col" class="word">guaranteed</th>
          <th scope="col" class="word">what happened</th>
        </tr>
      </thead>
      <tbody>
        ${cells.map(
          (cell) =>
            html`<tr>
              <th scope="row" class="word">${questions[cell.variant!]!}</th>
              <td class="word ${toneOf(cell)}" data-title="guaranteed">
                ${cell.observed === 'SAFE' ? 'yes' : 'no'}
              </td>
              <td class="word" data-title="what happened">
                <a href="#${anchorOf(cell)}">${judgementOf(cell)}</a>
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>
`;

function toneOf(cell?: Cell): string {
  if (!cell) return 'none';
  if (cell.verdict !== 'PASS') return 'wrong';
  return cell.observed === 'SAFE' ? 'safe' : 'harmed';
}

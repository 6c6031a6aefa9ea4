import { renderDocument, tableOf, type Cell as TableCell } from '../../report/document.js';
import { html, raw, type Html } from '../../report/html.js';
import { againSection, type Machine } from '../../report/machine.js';
import { median } from '../../statistics/quantiles.js';
import type { Cell } from '../cell.js';
import type { Experiment, Scoreboard } from '../experiment.js';
import { claimsIn } from './claims.js';
import { drawTimeline, timelineCss } from './drawing.js';
import { matrixOf } from './matrix.js';
import { anchorOf, guaranteesOf, scoresOf, tableOfScores } from './scoreboard.js';
import { figuresIn, nameOf, permitsIn } from './words.js';

export interface LabReport {
  verdict: string;
  experiments: readonly Experiment[];
  cells: readonly Cell[];
  machine: Machine;
  /** The command that repeats it. */
  command: string;
  finishedAt: Date;
}

export function renderPage({ verdict, experiments, cells, machine, command, finishedAt }: LabReport): string {
  const claims = claimsIn(cells, (experiment) => experiment);
  const deadTimes = deadTimesIn(cells);
  return renderDocument({
    title: 'The fault lab',
    heading: 'Where each lock breaks, and what repairs it',
    verdict: { word: verdict, reasons: reasonsIn(cells) },
    main: html`
      <style>
        ${raw(timelineCss)}
      </style>
      ${
        claims.length > 0
          ? html`<section aria-labelledby="claims">
              <h2 id="claims">What was claimed, and what was seen</h2>
              ${tableOf(
                'claims',
                ['claim', 'seen', 'repaired'],
                claims.map(({ claim, seen, repair }) => [claim, seen, repair]),
                3,
              )}
            </section>`
          : ''
      }
      <section aria-labelledby="matrix">
        <h2 id="matrix">Experiments and locks</h2>
        <p class="note">
          Safe: nothing was oversold, no update lost, nobody locked out for ever. Where harm was expected and
          seen, the cell is as right as one that was expected to be safe and was; what is not as expected has
          a mark. Depends: safe under some of the schedules that are tried there, harmed under others.
        </p>
        ${matrixOf(experiments, cells)}
        <p class="note">
          In the drawings: a row is a process; grey while it waits, blue while it holds (with the end of its
          token), dashed while it is stopped, red while it is down or suffers what its row says. ○ reads the
          stock, ● writes; in red ✕ a refused write, ▲ the holder is told of its loss, a large ✕ its death.
          Shaded: nobody could have the lock, or two had it.
        </p>
      </section>
      ${
        deadTimes.bars.length > 1
          ? html`<section aria-labelledby="dead-times">
              <h2 id="dead-times">How long a dead holder's lock is dead</h2>
              <figure>
                <figcaption>
                  <p>${deadTimes.unit}: the median, and the line from the shortest to the longest</p>
                </figcaption>
                <div
                  class="chart"
                  style="height: ${60 + 34 * deadTimes.bars.length}px"
                  id="chart-0"
                  role="img"
                  aria-label="${deadTimes.bars.map((bar) => `${bar.contender} ${Math.round(bar.median)} ms`).join(', ')}"
                ></div>
              </figure>
            </section>`
          : ''
      }
      ${experiments.map((experiment) => sectionOf(experiment, cells))}
      ${againSection(command, machine, finishedAt)}
    `,
    charts: {
      data: deadTimes.bars.length > 1 ? [deadTimes] : [],
      script: new URL('../../report/bars.js', import.meta.url),
    },
  });
}

function reasonsIn(cells: readonly Cell[]): string[] {
  const others = cells.filter(({ verdict }) => verdict !== 'PASS');
  if (others.length === 0) return [`${cells.length} cells: what should break broke, what should hold held.`];
  return others.map(
    (cell) =>
      `${cell.verdict}: ${cell.experiment}, ${nameOf(cell)}, seed ${cell.seed}: expected ${cell.expected}, observed ${cell.observed}. ${whyOf(cell)}`,
  );
}

const whyOf = ({ evidence: { violations = [], account } }: Cell) => [...violations, account].join('. ');

function deadTimesIn(cells: readonly Cell[]) {
  const bars = cells.flatMap((cell) => {
    const { deadTimeMs } = cell.figures;
    if (cell.experiment !== 'crashed-holder' || !Array.isArray(deadTimeMs) || deadTimeMs.length === 0)
      return [];
    const times = deadTimeMs as readonly number[];
    const [min, max] = [Math.min(...times), Math.max(...times)];
    return [{ contender: nameOf(cell), median: median([...times]), min, max }];
  });
  return {
    title: 'crashed-holder',
    unit: 'ms from the SIGKILL of the holder to the next grant',
    bars: bars.toSorted((a, b) => a.median - b.median),
  };
}

function sectionOf(
  { name, title, explanation, sources, scoreboard }: Experiment,
  cells: readonly Cell[],
): Html {
  const own = cells.filter(({ experiment }) => experiment === name);
  if (own.length === 0) return html``;
  return html`<section aria-labelledby="${name}">
    <h2 id="${name}">${name}: ${title}</h2>
    <p class="prose">${explanation}</p>
    <p class="note">
      ${sources.map((source, i) => html`${i > 0 ? ' · ' : ''}<a href="${source.url}">${source.title}</a>`)}
    </p>
    ${
      scoreboard
        ? boardsOf(name, scoreboard, own)
        : tableOf(
            name,
            ['lock', 'seed', 'expected', 'observed', 'verdict', 'what happened', 'figures'],
            own.map(rowOf),
            7,
          )
    }
    ${own.flatMap((cell) => drawingOf(cell, scoreboard !== undefined))}
  </section>`;
}

/** One for each seed. Of one lock alone it says what it guarantees. */
function boardsOf(label: string, scoreboard: Scoreboard, cells: readonly Cell[]): Html[] {
  return [...new Set(cells.map(({ seed }) => seed))].map((seed) => {
    const own = cells.filter((cell) => cell.seed === seed);
    const scores = scoresOf(scoreboard, own);
    return scores.scores.length === 1 ? guaranteesOf(label, scoreboard, own) : tableOfScores(label, scores);
  });
}

function rowOf(cell: Cell): TableCell[] {
  const { seed, expected, observed, verdict, figures } = cell;
  return [
    nameOf(cell),
    String(seed),
    expected,
    observed,
    verdict === 'PASS' ? verdict : { bad: verdict },
    whyOf(cell),
    figuresIn(figures),
  ];
}

/** Open where something went wrong: these are the pictures to look at first. Those that a table leads to open when they are asked for. */
function drawingOf(cell: Cell, isLinked: boolean): Html[] {
  const { timeline } = cell.evidence;
  if (!timeline || timeline.length === 0) return [];
  const label = `${cell.experiment}, ${nameOf(cell)}, seed ${cell.seed}: ${cell.evidence.account}`;
  const open = (cell.observed === 'UNSAFE' && !isLinked) || cell.verdict !== 'PASS';
  return [
    html`<details ${raw(open ? 'open' : '')}>
      <summary>${nameOf(cell)}: ${cell.evidence.account}</summary>
      <figure id="${anchorOf(cell)}">
        ${drawTimeline(timeline, label, { permits: permitsIn(cell.figures) })}
      </figure>
    </details>`,
  ];
}

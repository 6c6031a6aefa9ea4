import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../../local/paths.mjs';
import { markdownTable, writeMarkdown } from '../../report/markdown.js';
import type { Cell } from '../cell.js';
import type { Experiment, Scoreboard } from '../experiment.js';
import { EXPERIMENTS } from '../experiments/index.js';
import { claimsIn } from './claims.js';
import { drawTimeline } from './drawing.js';
import { headOf, judgementOf, markOf, scoresOf, type Scores } from './scoreboard.js';
import { figuresIn, nameOf, permitsIn } from './words.js';

const DOCS = join(root, 'docs/lab');

/** Writes docs/lab from a run: a page with pictures per experiment. From a run of all it is written anew, with the index and its table of claims. */
export async function writeDocs(experiments: readonly Experiment[], cells: readonly Cell[]): Promise<void> {
  const all = experiments.length === EXPERIMENTS.length;
  if (all) await rm(DOCS, { recursive: true, force: true });
  await mkdir(join(DOCS, 'img'), { recursive: true });
  for (const experiment of experiments) await writePage(experiment, cells);
  if (all) await writeMarkdown(join(DOCS, 'README.md'), indexOf(experiments, cells));
}

async function writePage(experiment: Experiment, cells: readonly Cell[]): Promise<void> {
  const { name, title, explanation, sources, scoreboard } = experiment;
  // Every seed tells the same; the first one has the pictures.
  const own = cells.filter((cell) => cell.experiment === name);
  const first = own.filter(({ seed }) => seed === own[0]?.seed);
  const pictures = await Promise.all(first.map(writePicture));
  const page = [
    `# ${title[0]!.toUpperCase()}${title.slice(1)}`,
    `\`npm run lab -- ${name}\` · [all experiments](README.md)`,
    explanation.replaceAll('\n', ' '),
    `Sources: ${sources.map((source) => `[${source.title}](${source.url})`).join(' · ')}`,
    ...(scoreboard
      ? boardOf(scoreboard, first)
      : [cellsTable(first), ...pictures.filter((picture) => picture !== undefined)]),
  ];
  await writeMarkdown(join(DOCS, `${name}.md`), page.join('\n\n'));
}

/** All at a glance, then each trial with what happened. */
function boardOf(scoreboard: Scoreboard, cells: readonly Cell[]): string[] {
  const board = scoresOf(scoreboard, cells);
  return [
    `What happened on ${new Date().toISOString().slice(0, 10)}: ✓ nothing was sold twice and nobody locked out, ✗ harm. Each mark leads to its drawing, and each trial has its own table below.`,
    markdownTable(
      headOf(board),
      board.scores.map(({ lock, version, oversold, cells: own }) => [
        lock,
        version,
        String(oversold),
        ...own.map((cell) => (cell ? `[${markOf(cell)}](${fileOf(cell)})` : '')),
      ]),
    ),
    ...board.trials.flatMap((trial, i) => [`## ${scoreboard.questions[trial]!}`, trialTable(board, i)]),
  ];
}

const trialTable = ({ scores, trials }: Scores, i: number) =>
  markdownTable(
    ['lock', trials[i]!],
    scores.flatMap(({ lock, cells }) => (cells[i] ? [[lock, judgementOf(cells[i])]] : [])),
  );

const cellsTable = (cells: readonly Cell[]) =>
  markdownTable(
    ['lock', 'expected', 'observed', 'what happened', 'figures'],
    cells.map((cell) => [
      nameOf(cell),
      cell.expected,
      cell.observed,
      cell.evidence.account,
      figuresIn(cell.figures),
    ]),
  );

const fileOf = (cell: Cell) => `img/${cell.experiment}-${nameOf(cell).replaceAll(/[^a-z0-9]+/gi, '-')}.svg`;

async function writePicture(cell: Cell): Promise<string | undefined> {
  const { evidence } = cell;
  if (!evidence.timeline || evidence.timeline.length === 0) return undefined;
  const lock = nameOf(cell);
  const file = fileOf(cell);
  const { markup } = drawTimeline(evidence.timeline, `${lock}: ${evidence.account}`, {
    standalone: true,
    permits: permitsIn(cell.figures),
  });
  await writeFile(join(DOCS, file), `${markup}\n`);
  return `**${lock}**: ${evidence.account}\n\n![${lock}: ${evidence.account}](${file})`;
}

function indexOf(experiments: readonly Experiment[], cells: readonly Cell[]): string {
  return [
    '# The fault lab',
    'What happens to each lock when its holder, its clock or its store fails: on real servers, with real processes, and with a verdict that can fail. `npm run lab -- all` repeats all of it; these pages were written by a run.',
    claimsTable(cells),
    '## Experiments',
    experiments.map(({ name, title }) => `- [${name}](${name}.md): ${title}`).join('\n'),
    '## How to read the pictures',
    'A row is a process. The thin grey bar is its wait, the blue bar is its hold with the end of its fencing token; a dashed frame is how long it was stopped. ○ reads the stock, ● writes and is accepted, ✕ in red is a write that was refused, a triangle tells the holder that its lease is lost, a diamond gives up, the large ✕ is a death; a green + is a repair, and a red bar is how long something was down, or whatever else is said to have happened to it. Shaded in red: nobody could have the lock, or two had it.',
  ].join('\n\n');
}

function claimsTable(cells: readonly Cell[]): string {
  const rows = claimsIn(cells, (experiment) => `[${experiment}](${experiment}.md)`);
  return markdownTable(
    ['claim', 'seen', 'repaired'],
    rows.map(({ claim, seen, repair }) => [claim, seen, repair]),
  );
}

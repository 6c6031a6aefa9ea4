import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { count, counted, milliseconds } from '../format.js';
import type { Demo } from '../run-demo.js';
import { outcomeOf, roleOf, type Machine, type RunFigures, type RunResult } from '../summary.js';
import { columns } from '../table.js';
import { embedJson, embedScript, html, raw, type Html } from './html.js';

const own = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
const require = createRequire(import.meta.url);
const echarts = () => readFileSync(require.resolve('echarts/dist/echarts.common.min.js'), 'utf8');

export interface PageDetails {
  /** The command that repeats this demo with the same load. */
  command: string;
  finishedAt: Date;
}

/** The report as one file that needs nothing else: styles, charts and data are in it. */
export function renderPage({ summary, results }: Demo, { command, finishedAt }: PageDetails): string {
  const { verdict, reasons, machine, runs } = summary;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${verdict}: a flash sale without and with a lock</title>
        <style>
          ${raw(own('page.css'))}
        </style>
      </head>
      <body>
        <header>
          <h1>A flash sale, without and with a lock</h1>
          <div class="verdict ${verdict.toLowerCase()}">
            <strong>${verdict}</strong>
            ${
              reasons.length === 1
                ? html`<p>${reasons[0]!}</p>`
                : html`<ul>
                    ${reasons.map((reason) => html`<li>${reason}</li>`)}
                  </ul>`
            }
          </div>
        </header>
        <main>
          <section aria-labelledby="figures">
            <h2 id="figures">What was sold</h2>
            ${table(runs)}
            <p class="note">
              Counted in Postgres once the queue was empty; the API's audit has to agree. Times are from the
              moment an order was accepted until it was reserved or rejected.
            </p>
          </section>
          <section aria-labelledby="charts">
            <h2 id="charts">Stock and sales over time</h2>
            <div class="runs">${results.map(figure)}</div>
          </section>
          <section aria-labelledby="words">
            <h2 id="words">What the words mean</h2>
            <dl>
              <dt>Negative control</dt>
              <dd>
                No lock, but one worker that takes one order at a time. It must not oversell: this shows that
                the others oversell because workers compete, and not because of how it is measured.
              </dd>
              <dt>Oversold</dt>
              <dd>Units sold beyond the initial stock.</dd>
              <dt>Undersold</dt>
              <dd>Units left although buyers were turned away as sold out.</dd>
              <dt>Lost updates</dt>
              <dd>
                Commits that did not start from what the commit before them had left. Each one overwrote
                somebody else's sale.
              </dd>
            </dl>
          </section>
          <section aria-labelledby="again">
            <h2 id="again">Do it again</h2>
            <pre tabindex="0"><code>${command}</code></pre>
            ${machineList(machine, finishedAt)}
          </section>
        </main>
        <script type="application/json" id="series">
          ${embedJson(chartData(results))}
        </script>
        <script>
          ${embedScript(echarts())};
        </script>
        <script>
          ${embedScript(own('charts.js'))};
        </script>
      </body>
    </html> `.markup;
}

function table(runs: RunFigures[]): Html {
  const head = columns.map(({ title }) => html`<th scope="col">${title}</th>`);
  const row = (run: RunFigures) =>
    html`<tr>
      ${columns.map(({ title, of, isBad }) => html`<td role="cell" data-title="${title}" class="${isBad?.(run) ? 'bad' : ''}">${of(run)}</td>`)}
    </tr>`;
  return html`<div class="scroll" role="region" aria-labelledby="figures" tabindex="0">
    <table role="table">
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${runs.map(row)}
      </tbody>
    </table>
  </div>`;
}

function figure({ figures, dashboard }: RunResult, i: number): Html {
  const { strategy, workers, batchSize, apiReplicas, requests, latencyMs, oversold } = figures;
  return html`<figure>
    <figcaption>
      <h3>${roleOf(figures)}: ${strategy}</h3>
      <p class="${oversold > 0 ? 'bad' : 'good'}">${outcomeOf(figures)}</p>
    </figcaption>
    <div
      class="chart"
      id="chart-${i}"
      role="img"
      aria-label="${`Stock over time, ${strategy}: ${outcomeOf(figures)}`}"
    ></div>
    <p class="note">
      ${counted(apiReplicas, 'API replica')}, ${counted(workers, 'worker')}, up to
      ${counted(batchSize, 'order')} per commit. ${count(requests)} requests, answered in
      ${milliseconds(latencyMs.p50)} ms (p99 ${milliseconds(latencyMs.p99)} ms):
      <a href="${dashboard}">k6 report</a>
    </p>
  </figure>`;
}

/** Runs with the same stock share a scale, so that they can be compared at a glance. */
function chartData(results: RunResult[]) {
  return results.map(({ figures, series }) => {
    const comparable = results.filter((other) => other.figures.initialStock === figures.initialStock);
    return {
      stock: figures.initialStock,
      top: Math.max(...comparable.map(({ figures: { live, initialStock } }) => Math.max(live, initialStock))),
      series,
    };
  });
}

function machineList(machine: Machine, finishedAt: Date): Html {
  const entries = {
    finished: `${finishedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    machine: `${machine.cores} cores, ${machine.memoryGiB} GiB`,
    'Node.js': machine.node,
    Postgres: machine.postgres,
    Redis: machine.redis,
    k6: machine.k6,
    commit: machine.commit,
  };
  return html`<ul class="machine">
    ${Object.entries(entries).map(([name, value]) => html`<li>${name} <b>${value}</b></li>`)}
  </ul>`;
}

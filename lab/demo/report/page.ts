import { renderDocument, tableOf } from '../../report/document.js';
import { html, type Html } from '../../report/html.js';
import { againSection } from '../../report/machine.js';
import { count, counted, milliseconds } from '../format.js';
import type { JourneyResult } from '../journey/journey-figures.js';
import type { Demo } from '../run-demo.js';
import { outcomeOf, roleOf, type RunFigures, type RunResult } from '../summary.js';
import { runColumns } from '../table.js';
import { journeyChapter } from './journey-chapter.js';

export interface PageDetails {
  /** The command that repeats this demo with the same load. */
  command: string;
  finishedAt: Date;
}

export function renderPage(
  { summary, results, journey }: Demo,
  { command, finishedAt }: PageDetails,
): string {
  const { verdict, reasons, machine, runs } = summary;
  return renderDocument({
    title: `${verdict}: a flash sale without and with a lock`,
    heading: 'A flash sale, without and with a lock',
    verdict: { word: verdict, reasons },
    main: html`
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
      ${journey ? journeyChapter(journey, results.length) : ''}
      <section aria-labelledby="words">
        <h2 id="words">What the words mean</h2>
        <dl>
          <dt>Negative control</dt>
          <dd>
            No lock, but one worker that takes one order at a time. It must not oversell: this shows that the
            others oversell because workers compete, and not because of how it is measured.
          </dd>
          <dt>Oversold</dt>
          <dd>Units sold beyond the initial stock.</dd>
          <dt>Undersold</dt>
          <dd>Units left although buyers were turned away as sold out.</dd>
          <dt>Lost updates</dt>
          <dd>
            Commits that did not start from what the commit before them had left. Each one overwrote somebody
            else's sale.
          </dd>
          <dt>Held</dt>
          <dd>Units in reservations that are not paid yet, and neither expired nor cancelled.</dd>
        </dl>
      </section>
      ${againSection(command, machine, finishedAt)}
    `,
    charts: { data: chartData(results, journey), script: new URL('charts.js', import.meta.url) },
  });
}

function table(runs: RunFigures[]): Html {
  const head = runColumns.map(({ title }) => title);
  const rows = runs.map((run) =>
    runColumns.map(({ of, isBad }) => (isBad?.(run) ? { bad: of(run) } : of(run))),
  );
  return tableOf('figures', head, rows, 2);
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
function chartData(results: RunResult[], journey?: JourneyResult) {
  const sales = results.map(({ figures, series }) => {
    const comparable = results.filter((other) => other.figures.initialStock === figures.initialStock);
    return {
      stock: figures.initialStock,
      top: Math.max(...comparable.map(({ figures: { live, initialStock } }) => Math.max(live, initialStock))),
      series,
    };
  });
  if (!journey) return sales;
  const stock = journey.figures.initialStock;
  return [...sales, { stock, top: stock, journey: journey.series }];
}

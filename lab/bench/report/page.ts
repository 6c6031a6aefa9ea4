import { renderDocument, tableOf } from '../../report/document.js';
import { html, type Html } from '../../report/html.js';
import { againSection, type Machine } from '../../report/machine.js';
import type { Benchmark } from '../../statistics/comparison.js';
import type { BenchResult } from '../result.js';

export interface BenchReport {
  result: BenchResult;
  machine: Machine;
  /** The command that repeats it. */
  command: string;
  finishedAt: Date;
}

/** The metrics that are worth a picture; the tables have the others. */
const CHARTED: Record<string, string> = {
  ordersPerSecond: 'orders committed per second',
  settledPerSecond: 'orders per second, from the request until all are terminal',
  terminalP99Ms: 'ms from acceptance to terminal, p99',
  handOffsPerSecond: 'hand-offs per second',
  ratioToRoundTrips: 'acquire + release, as a multiple of two bare round trips',
  ms: 'ms from the death of the holder to the next grant',
  msPerOrder: 'ms per order',
  apiMicros: 'µs of processor time of the API per request',
};

interface Chart {
  title: string;
  unit: string;
  bars: Pick<Benchmark, 'contender' | 'median' | 'min' | 'max'>[];
}

export function renderPage({ result, machine, command, finishedAt }: BenchReport): string {
  const { benchmarks, tables, failures } = result;
  const charts = chartsOf(benchmarks);
  const reasons =
    failures.length > 0 ? failures : ['Every run kept the invariants that its strategy promises.'];
  return renderDocument({
    title: 'Benchmarks of a flash sale under locks',
    heading: 'What the locks cost',
    verdict: { word: failures.length > 0 ? 'FAIL' : 'PASS', reasons },
    main: html`
      <section aria-labelledby="figures">
        <h2 id="figures">Figures</h2>
        <p class="note">
          Medians of the rounds, and in brackets the smallest and the largest. Contenders of one table took
          turns in one run: compare these, not the figures of two runs or of two machines.
        </p>
        ${tables.map(
          ({ title, head, rows }, i) =>
            html`<h3 id="table-${i}">${title}</h3>
              ${tableOf(`table-${i}`, head, rows)}`,
        )}
      </section>
      <section aria-labelledby="charts">
        <h2 id="charts">Charts</h2>
        <p class="note">
          A bar is the median, the line on it reaches from the smallest figure to the largest.
        </p>
        <div class="runs">${charts.map(figure)}</div>
      </section>
      ${againSection(command, machine, finishedAt)}
    `,
    charts: { data: charts, script: new URL('../../report/bars.js', import.meta.url) },
  });
}

/** A chart per benchmark and metric that has something to compare. */
function chartsOf(benchmarks: readonly Benchmark[]): Chart[] {
  const charts = new Map<string, Chart>();
  for (const { name, metric, contender, median, min, max } of benchmarks) {
    const unit = CHARTED[metric];
    if (unit === undefined || !Number.isFinite(max)) continue;
    const chart = charts.get(`${name} ${metric}`) ?? { title: name, unit, bars: [] };
    charts.set(`${name} ${metric}`, chart);
    chart.bars.push({ contender, median, min, max });
  }
  return [...charts.values()].filter(({ bars }) => bars.length > 1);
}

function figure({ title, unit, bars }: Chart, i: number): Html {
  return html`<figure>
    <figcaption>
      <h3>${title}</h3>
      <p>${unit}</p>
    </figcaption>
    <div
      class="chart"
      style="height: ${60 + 34 * bars.length}px"
      id="chart-${i}"
      role="img"
      aria-label="${`${title}, ${unit}: ${bars.map(({ contender, median }) => `${contender} ${median}`).join(', ')}`}"
    ></div>
  </figure>`;
}

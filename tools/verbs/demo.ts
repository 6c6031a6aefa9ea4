import { relative } from 'node:path';
import { styleText } from 'node:util';
import { fitRate } from '../../lab/demo/fit-rate.js';
import { journeyOutcomeOf } from '../../lab/demo/journey/words.js';
import { planDemo } from '../../lab/demo/plan.js';
import { ProgressLine } from '../../lab/demo/progress.js';
import { renderPage } from '../../lab/demo/report/page.js';
import { droppedLoad, runDemo, type DemoSettings } from '../../lab/demo/run-demo.js';
import { outcomeOf, roleOf, type Summary } from '../../lab/demo/summary.js';
import { demoTables, formatTable, journeyColumns, runColumns } from '../../lab/demo/table.js';
import { k6For } from '../../lab/k6.js';
import { createReportDirectory, writeReport } from '../../lab/report/directory.js';
import { lockServersOf } from '../../local/stack/lock-servers.js';
import { startStack, type Stack } from '../../local/stack/stack.js';
import { step, withProgress } from '../../local/terminal.js';
import { typed } from '../options/arguments.js';
import { commandOf, parseOptions, usage } from '../options/demo.js';

/** npm run demo [-- options] */
export async function run(args: string[]): Promise<number> {
  const options = parseOptions(args);
  if (!options) {
    console.log(usage);
    return 0;
  }
  const { apiReplicas, workers, batchSize, strategies, postgres, redis } = options;
  const env = { BATCH_SIZE: String(batchSize) };
  const locks = lockServersOf(strategies);
  const stack = await startStack({ apiReplicas, workers, redis, postgres, locks, env });
  const directory = await createReportDirectory('demo', new Date());
  const progress = new ProgressLine();
  const settings: DemoSettings = {
    k6: await k6For(stack),
    directory,
    onProgress: progress.show,
    onResult: ({ figures }) => {
      progress.clear();
      step(`${roleOf(figures)}, ${figures.strategy}`, outcomeOf(figures));
    },
    onJourney: ({ figures }) => {
      progress.clear();
      step(`journey, ${figures.strategy}`, journeyOutcomeOf(figures));
    },
  };

  let rate = options.rate ?? (await fit(stack, strategies[0]!, settings));
  let demo = await runDemo(stack, planDemo(options, rate), settings);
  if (options.rate === undefined && droppedLoad(demo)) {
    rate = Math.max(4, Math.floor(rate / 2));
    step('load', `it did not arrive in time, so once more with ${rate} buyers a second`);
    demo = await runDemo(stack, planDemo(options, rate), settings);
  }
  const finishedAt = new Date();
  const page = renderPage(demo, { command: commandOf(options, rate), finishedAt });
  const summary = {
    ...demo.summary,
    command: typed('demo', args),
    finishedAt,
    tables: demoTables(demo.summary),
  };
  const report = await writeReport(directory, summary, page);
  print(demo.summary, relative(process.cwd(), report));
  return demo.summary.verdict === 'PASS' ? 0 : 1;
}

async function fit(stack: Stack, strategy: string, settings: DemoSettings): Promise<number> {
  const rate = await withProgress('fitting the load to this machine', () =>
    fitRate(stack, strategy, settings),
  );
  step('load', `${rate} buyers a second, three times as many in the stampede`);
  return rate;
}

const paint: typeof styleText = (format, text) => (process.stdout.isTTY ? styleText(format, text) : text);

function print({ verdict, reasons, runs, journey }: Summary, report: string): void {
  const tone = ({ PASS: 'green', FAIL: 'red', INCONCLUSIVE: 'yellow' } as const)[verdict];
  const red = (text: string) => paint('red', text);
  console.log(`\n${formatTable(runColumns, runs, red)}\n`);
  if (journey) console.log(`${formatTable(journeyColumns, [journey], red)}\n`);
  console.log(`${paint(['bold', tone], verdict)} ${reasons.join('\n  ')}`);
  console.log(`\nReport: ${report}`);
}

import { Compose } from '../../lab/compose/compose.js';
import { testCompose } from '../../lab/compose/compose-test.js';
import { integer, parsed } from '../options/arguments.js';

const usage = `npm run compose-test [-- options]

Starts the containers of docker-compose.yml beside any that run, sells in them, scales, stops and kills them under load, and
removes them. Needs Docker; where no engine answers, it says so and does nothing.

  --rate <n>    checkouts per second meanwhile (600)
  --times <n>   how often each thing happens (1)
  --file <file> laid over docker-compose.yml; may be given several times
  --locks       the servers of the other lock drivers as well
  --help        this text
`;

/** npm run compose-test [-- options] */
export async function run(args: string[]): Promise<number> {
  const options = {
    rate: { type: 'string', default: '600' },
    times: { type: 'string', default: '1' },
    file: { type: 'string', multiple: true, default: [] as string[] },
    locks: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  } as const;
  const { values } = parsed(usage, { args, options });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const rate = integer('--rate', values.rate, 1, 10_000);
  const times = integer('--times', values.times, 1, 100);
  const missing = await Compose.missing();
  if (missing !== undefined) {
    console.log(`- skipped: no Docker engine with Compose answers here (${missing})`);
    return 0;
  }
  const failures = await testCompose({ rate, times, locks: values.locks, overrides: values.file });
  console.log(failures === 0 ? '\n✓ no buyer noticed' : `\n✗ ${failures} failed`);
  return failures === 0 ? 0 : 1;
}

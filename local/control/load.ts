import { execa } from 'execa';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '../paths.mjs';
import { currentRun } from '../processes/run.mjs';
import { k6Command } from '../setup/k6-command.js';
import { ConflictError, type ControlledStack } from './stack.js';

/** Bounded: the load and the stack that bears it share one machine. */
export const loadRequest = z.strictObject({
  saleIds: z.array(z.guid()).min(1).max(2),
  buyersPerSecond: z.int().min(1).max(500),
  seconds: z.int().min(1).max(120),
});
export type LoadRequest = z.infer<typeof loadRequest>;

/** What the script prints at its end. */
interface LoadResult {
  requests: number;
  unexpected: number;
  dropped: number;
}

interface LoadState {
  running?: LoadRequest & { startedAt: number };
  last?: LoadResult | { error: string };
}

/** The one load that runs at a time: k6, with buyers who want one unit in each of the sales. */
export class Load {
  state: LoadState = {};
  #pid: number | undefined;
  #preparing = false;

  constructor(private readonly stack: ControlledStack) {}

  /** @throws {ConflictError} while another one runs */
  async start(request: LoadRequest): Promise<LoadState> {
    if (this.#preparing || this.state.running) throw new ConflictError('A load runs already: stop it first.');
    this.#preparing = true;
    const k6 = await this.#command(request).finally(() => (this.#preparing = false));
    const options = { env: k6.env, cleanup: false, detached: true, reject: false, stdin: 'ignore' } as const;
    const subprocess = execa(k6.file, k6.args, options);
    this.#pid = subprocess.pid;
    if (subprocess.pid) currentRun().endAtLatest(subprocess.pid, { group: true });
    this.state = { running: { ...request, startedAt: Date.now() } };
    void subprocess.then(({ stdout, stderr, shortMessage }) => {
      this.state = { last: resultOf(stdout) ?? { error: firstError(stderr) ?? shortMessage ?? 'k6 ended' } };
    });
    return this.state;
  }

  /** k6 ends what it has begun and sums up. */
  stop(): void {
    if (this.state.running && this.#pid) process.kill(this.#pid, 'SIGINT');
  }

  #command({ saleIds, buyersPerSecond, seconds }: LoadRequest) {
    const script = join(root, 'load-tests/watched-sales.ts');
    const flags = ['--quiet', '--no-color', '--no-usage-report', '--address', '127.0.0.1:0'];
    return k6Command(['run', ...flags, script], {
      ADMIN_KEY: this.stack.adminKey,
      API_URLS: this.stack.apiUrls.join(','),
      SALE_IDS: saleIds.join(','),
      RATE: String(buyersPerSecond),
      DURATION: String(seconds),
    });
  }
}

function resultOf(stdout: string): LoadResult | undefined {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  return line.startsWith('{') ? (JSON.parse(line) as LoadResult) : undefined;
}

const firstError = (stderr: string) => /level=error msg="((?:\\.|[^"])*)"/.exec(stderr)?.[1];

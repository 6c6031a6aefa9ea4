import { execa } from 'execa';
import { randomBytes } from 'node:crypto';
import { ExpectedError } from '../../local/expected-error.js';
import { root } from '../../local/paths.mjs';
import { onFreePorts } from '../../local/processes/free-port.js';

/** In milliseconds: what Docker may take for one thing. A build loads packages. */
const PATIENCE = 10 * 60_000;

const secret = () => randomBytes(16).toString('hex');

/** The stack of docker-compose.yml under another name, with secrets and ports of its own, beside one that somebody runs. */
export class Compose {
  private constructor(
    readonly url: string,
    private readonly files: readonly string[],
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** Why there can be none here, if that is so. */
  static async missing(): Promise<string | undefined> {
    const { failed, stderr, shortMessage } = await execa('docker', ['info'], { reject: false });
    if (failed) return (stderr || (shortMessage ?? '')).trim().split('\n').at(-1);
    const { failed: old } = await execa('docker', ['compose', 'version'], { reject: false });
    return old ? 'Docker has no plugin Compose' : undefined;
  }

  /** @param overrides Compose files that are laid over docker-compose.yml */
  static create(overrides: readonly string[]): Promise<Compose> {
    return onFreePorts(3, async (lb, prometheus, grafana) => {
      const secrets = ['ADMIN_KEY', 'POSTGRES_PASSWORD', 'POSTGRES_APP_PASSWORD', 'REDIS_PASSWORD'];
      return new Compose(`http://127.0.0.1:${lb}`, ['docker-compose.yml', ...overrides], {
        ...Object.fromEntries(secrets.map((name) => [name, secret()])),
        LB_PORT: String(lb),
        PROMETHEUS_PORT: String(prometheus),
        GRAFANA_PORT: String(grafana),
      });
    });
  }

  get adminKey(): string {
    return this.env.ADMIN_KEY!;
  }

  /** Resolves to what it printed. @throws {ExpectedError} with the end of that if it fails */
  async run(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    return outputOf(await this.try(args, env));
  }

  /** The same, whatever comes of it. */
  try(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
    const project = ['--project-name', 'flash-sale-test', '--env-file', '/dev/null'];
    const files = this.files.flatMap((file) => ['--file', file]);
    return docker(['compose', ...project, ...files, ...args], { ...this.env, ...env });
  }

  /** Runs a service's image once, beside what runs. `args` are options of `run`, the service, and its command. */
  once(args: readonly string[]): Promise<Outcome> {
    return this.try(['run', '--rm', '--no-TTY', '--no-deps', ...args]);
  }

  /** Stops or kills one container, whose service is not told. */
  async end(how: 'stop' | 'kill', service: string): Promise<void> {
    const container = (await this.run(['ps', '--quiet', service])).split('\n').find(Boolean);
    if (!container) throw new ExpectedError(`No container of ${service} runs.`);
    outputOf(await docker([how, container]));
  }
}

/** Of a command. */
export interface Outcome {
  readonly failed: boolean;
  readonly output: string;
}

async function docker(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const options = { cwd: root, env, timeout: PATIENCE, all: true, reject: false, stdin: 'ignore' } as const;
  const { failed, all } = await execa('docker', args, options);
  return { failed, output: all ?? '' };
}

/** @throws {ExpectedError} with the end of it if the command failed */
export function outputOf({ failed, output }: Outcome): string {
  if (!failed) return output;
  throw new ExpectedError(output.trimEnd().split('\n').slice(-30).join('\n    '));
}

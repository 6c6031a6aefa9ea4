import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../paths.mjs';
import { onFreePort } from '../processes/free-port.js';
import { providePrometheus } from '../setup/prometheus.js';
import { dataDirectory, nextName, startServer, type Service } from './service.js';

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string; readonly for?: string }[] }[];
}

/**
 * A Prometheus with the rules of deploy/prometheus, which scrapes these processes, by the names of their jobs. All durations of the
 * rules are so many times shorter; thresholds stay what they are.
 */
export async function startPrometheus(
  urls: Readonly<Record<string, readonly string[]>>,
  timesShorter: number,
): Promise<Service> {
  const { file } = await providePrometheus();
  const name = nextName('prometheus');
  const directory = await dataDirectory(name);
  const scrapes = Object.entries(urls).map(([job_name, each]) => ({
    job_name,
    static_configs: [{ targets: each.map((url) => new URL(url).host) }],
  }));
  const every = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  const config = { global: every, rule_files: ['alerts.yml'], scrape_configs: scrapes };
  const rules = parse(await readFile(join(root, 'deploy/prometheus/alerts.yml'), 'utf8')) as Rules;
  // JSON is YAML, too.
  await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(config));
  await writeFile(join(directory, 'alerts.yml'), JSON.stringify(shortened(rules, timesShorter)));
  return onFreePort((port) =>
    startServer({
      name,
      url: `http://127.0.0.1:${port}`,
      command: {
        file,
        args: [
          `--config.file=${join(directory, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(directory, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
      },
      isReady: async (url) => (await fetch(`${url}/-/ready`)).ok,
    }),
  );
}

function shortened({ groups }: Rules, times: number): Rules {
  const shorter = (duration: string) => {
    const [, count, unit] = /^(\d+)([ms])$/.exec(duration)!;
    return `${(Number(count) * (unit === 'm' ? 60_000 : 1_000)) / times}ms`;
  };
  return {
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({
        ...rule,
        expr: rule.expr.replace(/(?<=[[:])\d+[ms](?=[\]:])/g, shorter),
        ...(rule.for && { for: shorter(rule.for) }),
      })),
    })),
  };
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { ExpectedError } from '../../local/expected-error.js';
import { build, mainOf } from '../../local/setup/build.js';
import { BACKENDS, type Servers } from '../servers.js';
import { contenderOf } from './experiments/libraries/contenders.js';
import { ownLock } from './experiments/libraries/libraries.js';
import type { Probe, Probed } from '../libraries/probe.js';
import type { LabOptions } from './run.js';

/** To import a module, or to take a lock that nobody has, in milliseconds. */
const ANSWER_MS = 20_000;

const flag = z.boolean().optional();
const Adapter = z.object({
  store: z.enum(BACKENDS as [string, ...string[]]),
  promises: z
    .strictObject({
      freedBy: z.enum(['ttl', 'connection', 'nobody']).optional(),
      extends: flag,
      token: flag,
      tellsLoss: flag,
      readsClock: flag,
      ownerChecked: flag,
      cancels: flag,
      survivesFailover: flag,
    })
    .optional(),
});

/**
 * What the lab runs for the lock of a module: a file, as seen from where the command was typed, or a package.
 *
 * @throws {ExpectedError} there is none, or it has no lock
 */
export async function withOwnLock(module: string): Promise<Pick<LabOptions, 'experiments' | 'look'>> {
  const address = addressOf(module);
  await build();
  const probed = await ask(module, { address }, 'while it was imported');
  const { success, data, error } = Adapter.safeParse(probed.adapter);
  if (!success || !probed.opens) {
    const what = success
      ? 'open is no function'
      : error.issues.map(({ path, message }) => `${path.join('.') || 'default'}: ${message}`).join('; ');
    throw new ExpectedError(
      `--lock ${module}: its default export is no lock: ${what}. It has to have store and open(url); docs/your-lock.md has a template.`,
    );
  }
  const name = basename(module, extname(module));
  const contender = contenderOf(name, address, data as Parameters<typeof contenderOf>[2]);
  return {
    experiments: [ownLock(contender)],
    look: (servers: Servers) =>
      ask(module, { address, servers }, 'when a lock that nobody had was taken and given back'),
  };
}

/** A file, if it looks like one. */
function addressOf(module: string): string {
  if (!/^[./]|\.[cm]?[jt]s$/.test(module)) return module;
  const file = resolve(process.env['INIT_CWD'] ?? '.', module);
  if (!existsSync(file)) throw new ExpectedError(`--lock ${module}: there is no file ${file}.`);
  return pathToFileURL(file).href;
}

/** In a process of its own: a module may throw, block, or end whatever process it is in. */
async function ask(module: string, probe: Probe, when: string) {
  const child = fork(mainOf('lab'), ['own-lock', JSON.stringify(probe)], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    const answers = once(child, 'message', { signal }) as Promise<[Probed]>;
    const [probed] = await Promise.race([answers, once(child, 'exit', { signal }).then(() => [undefined])]);
    if (!probed) throw new ExpectedError(`--lock ${module} ended its process ${when}.`);
    if ('error' in probed) throw new ExpectedError(`--lock ${module} threw ${when}: ${probed.error}`);
    return probed;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new ExpectedError(`--lock ${module} did not answer within ${ANSWER_MS / 1_000} s ${when}.`);
  } finally {
    child.kill('SIGKILL');
  }
}

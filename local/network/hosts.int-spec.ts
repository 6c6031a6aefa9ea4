import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../paths.mjs';
import { childrenOf } from '../processes/process-table.mjs';
import { currentRun } from '../processes/run.mjs';
import { whyNoHosts } from './hosts.js';

/** The network namespace of a process, if it lives and may be asked. */
function networkOf(pid: number | string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

const networksInUse = () => readdirSync('/proc').map(networkOf);

it.skipIf(whyNoHosts())('nothing is left of hosts whose process is killed', async () => {
  const script = join(root, 'local/network/test/holds-hosts.ts');
  const owner = spawn(process.execPath, ['--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  currentRun().endAtLatest(owner.pid!);
  await once(owner.stdout, 'data');
  const networks = childrenOf(owner.pid!)
    .map(({ pid }) => networkOf(pid))
    .filter((network) => network !== networkOf('self'));
  expect(new Set(networks).size).toBe(3); // two hosts and a switch
  owner.kill('SIGKILL');
  for (const network of networks)
    await expect.poll(networksInUse, { timeout: 30_000, interval: 100 }).not.toContain(network);
});

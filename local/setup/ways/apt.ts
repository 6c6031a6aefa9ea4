import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { exclusively } from '../../processes/exclusively.mjs';
import { runLong } from '../../processes/run-command.js';
import { currentRun } from '../../processes/run.mjs';
import { Unavailable, type Way } from '../meet-need.js';
import type { Sought } from '../program.js';

const servicePolicy = '/usr/sbin/policy-rc.d';

/** Debian and Ubuntu, as root. The packages' own services are not started: only their programs are wanted. */
export const apt = <T>(packages: string[], sought: Sought<T>): Way<T> => ({
  name: 'apt',
  advice: `apt-get install ${packages.join(' ')}`,
  async find() {
    if (process.getuid?.() !== 0) throw new Unavailable('needs root, and this is not');
    if (!existsSync('/etc/debian_version')) throw new Unavailable('this is not Debian or Ubuntu');
    await exclusively('apt-get', () => withoutStartingServices(() => install(packages)));
    const { value, because } = await sought.find();
    return { value, because: `${because}, installed by apt-get as there was none` };
  },
});

async function install(packages: string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const options = ['-o', 'DPkg::Lock::Timeout=300'];
  await runLong('apt-get update', 'apt-get', [...options, 'update'], { env });
  const args = [...options, 'install', '-y', '--no-install-recommends', ...packages];
  await runLong(`apt-get install ${packages.join(' ')}`, 'apt-get', args, { env });
}

async function withoutStartingServices(work: () => Promise<void>): Promise<void> {
  if (existsSync(servicePolicy)) return work(); // the machine has a policy of its own
  // It forbids services only as long as this process lives, should nobody get to remove it.
  const policy = `#!/bin/sh\nkill -0 ${process.pid} 2>/dev/null && exit 101\nexit 0\n`;
  writeFileSync(servicePolicy, policy, { mode: 0o755 });
  currentRun().removeAtEnd(servicePolicy);
  try {
    await work();
  } finally {
    rmSync(servicePolicy, { force: true });
  }
}

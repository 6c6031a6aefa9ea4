import { execa } from 'execa';
import { runLong } from '../../processes/run-command.js';
import { Unavailable, type Way } from '../meet-need.js';

/** A container, where a Docker engine answers. */
export const docker = (image: string): Way<{ image: string }> => ({
  name: 'docker',
  advice: 'start a Docker engine',
  async find() {
    const engine = await execa('docker', ['info'], { reject: false, timeout: 10_000 });
    if (engine.failed) throw new Unavailable('no Docker engine answers');
    const present = await execa('docker', ['image', 'inspect', image], { reject: false });
    if (present.failed) await runLong(`docker pull ${image}`, 'docker', ['pull', '--quiet', image]);
    return { value: { image }, because: `the image ${image}, as a Docker engine answers` };
  },
});

import { execa } from 'execa';
import { exclusively } from '../../processes/exclusively.mjs';
import { runLong } from '../../processes/run-command.js';
import { Unavailable, type Way } from '../meet-need.js';
import type { Sought } from '../program.js';

/** Homebrew starts no service unless told to. */
export const homebrew = <T>(formula: string, sought: Sought<T>): Way<T> => ({
  name: 'homebrew',
  advice: `brew install ${formula}`,
  async find() {
    const { failed } = await execa('brew', ['--version'], { reject: false });
    if (failed) throw new Unavailable('there is no Homebrew');
    await exclusively('homebrew', () =>
      runLong(`brew install ${formula}`, 'brew', ['install', '--quiet', formula]),
    );
    const { value, because } = await sought.find();
    return { value, because: `${because}, installed by Homebrew as there was none` };
  },
});

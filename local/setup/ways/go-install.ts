import { basename, join } from 'node:path';
import { execa } from 'execa';
import { exclusively } from '../../processes/exclusively.mjs';
import { runLong } from '../../processes/run-command.js';
import { Unavailable, type Way } from '../meet-need.js';

interface GoProgram {
  module: string;
  version: string;
  directory: string;
}

/** Builds the program from its source, where Go is installed. */
export const goInstall = ({ module, version, directory }: GoProgram): Way<{ file: string }> => ({
  name: 'go',
  advice: `install Go, which then builds ${module} ${version}`,
  async find() {
    const { failed } = await execa('go', ['version'], { reject: false });
    if (failed) throw new Unavailable('there is no go on the PATH');
    const target = `${module}@v${version}`;
    const env = { GOBIN: directory, CGO_ENABLED: '0' };
    await exclusively('go-install', () =>
      runLong(`go install ${target}`, 'go', ['install', target], { env }),
    );
    const file = join(directory, basename(module));
    return { value: { file }, because: `${file}, version ${version}, built by go install as there was none` };
  },
});

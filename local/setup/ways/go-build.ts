import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { localDirectory } from '../../paths.mjs';
import { exclusively } from '../../processes/exclusively.mjs';
import { runLong } from '../../processes/run-command.js';
import { Unavailable, type Way } from '../meet-need.js';

interface GoModule {
  module: string;
  version: string;
  directory: string;
  /** How long it takes on two cores. */
  minutes: number;
}

/** Builds a program that `go install` refuses, because its go.mod has `replace` lines: as a dependency of a scratch module. */
export const goBuild = ({ module, version, directory, minutes }: GoModule): Way<{ file: string }> => ({
  name: 'go',
  advice: `install Go, which then builds ${module} ${version} in about ${minutes} minutes`,
  async find() {
    const { failed } = await execa('go', ['version'], { reject: false });
    if (failed) throw new Unavailable('there is no go on the PATH');
    const file = join(directory, basename(module));
    await exclusively('go-build', async () => {
      if (existsSync(file)) return; // another verb built it meanwhile
      const scratch = join(localDirectory, 'go', `${basename(module)}@${version}`);
      rmSync(scratch, { recursive: true, force: true });
      mkdirSync(scratch, { recursive: true });
      await writeModule(scratch, module, version);
      const what = `building ${module} ${version}, which takes about ${minutes} minutes`;
      const options = { cwd: scratch, env: { CGO_ENABLED: '0' } };
      await runLong(what, 'go', ['build', '-mod=mod', '-o', 'program', module], options);
      mkdirSync(directory, { recursive: true });
      renameSync(join(scratch, 'program'), file); // whole, or not there
    });
    return { value: { file }, because: `${file}, version ${version}, built with Go as there was none` };
  },
});

/** Requires the module with the checksums and exclusions of its own go.mod, which Go heeds in a main module only. */
async function writeModule(scratch: string, module: string, version: string): Promise<void> {
  const target = `${module}@v${version}`;
  const go = async <T>(...args: string[]) =>
    JSON.parse((await execa('go', args, { cwd: scratch })).stdout) as T;
  await runLong(`downloading ${target}`, 'go', ['mod', 'download', target], { cwd: scratch });
  const { Dir } = await go<{ Dir: string }>('mod', 'download', '-json', target);
  const { Go, Exclude } = await go<GoMod>('mod', 'edit', '-json', join(Dir, 'go.mod'));
  const excludes = (Exclude ?? []).map(({ Path, Version }) => `exclude ${Path} ${Version}`);
  const lines = ['module scratch', `go ${Go}`, `require ${module} v${version}`, ...excludes];
  writeFileSync(join(scratch, 'go.mod'), `${lines.join('\n\n')}\n`);
  copyFileSync(join(Dir, 'go.sum'), join(scratch, 'go.sum'));
}

interface GoMod {
  Go: string;
  Exclude: { Path: string; Version: string }[] | null;
}

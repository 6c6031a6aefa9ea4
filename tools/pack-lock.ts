import { copyFile, cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { root } from '../local/paths.mjs';
import { runLong } from '../local/processes/run-command.js';

const lib = join(root, 'libs/lock');
const folder = join(root, 'dist/lock');
/** Links to files that stay behind. */
const INWARD_LINK = /\[([^\]]*)\]\((?!https?:|#)[^)]*\)/g;

/** Makes an npm package of libs/lock: JavaScript and types by tsc, Lua, README and licence. @returns its file */
export async function packLock(destination = join(root, 'dist')): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await runLong('libs/lock', process.execPath, [tsc, '-p', join(lib, 'tsconfig.package.json')]);
  await cp(join(lib, 'src'), join(folder, 'dist'), { recursive: true, filter: isFolderOrLua });
  await copyFile(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  await copyFile(join(lib, 'package.json'), join(folder, 'package.json'));
  const readme = await readFile(join(lib, 'README.md'), 'utf8');
  await writeFile(join(folder, 'README.md'), readme.replaceAll(INWARD_LINK, '$1'));
  await runLong('npm pack', 'npm', ['pack', '--pack-destination', destination], { cwd: folder });
  const { name, version } = JSON.parse(await readFile(join(lib, 'package.json'), 'utf8')) as Package;
  return join(destination, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
}

interface Package {
  name: string;
  version: string;
}

const isFolderOrLua = async (path: string) => extname(path) === '.lua' || (await stat(path)).isDirectory();

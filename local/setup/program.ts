import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { Unavailable, type Found } from './meet-need.js';

export interface Program {
  /** What it may be called, the preferred name first. */
  names: string[];
  /** Directories to look in besides the PATH; a `*` in one stands for its versions, the newest first. */
  places: string[];
  versionArgs: string[];
  /** The oldest version that will do. */
  minimum: { major: number; minor: number };
  /** The newest that will do, if not all do. */
  maximum?: { major: number };
}

/** Something to look for on this machine. */
export interface Sought<T> {
  /** What to install, in the user's words. */
  name: string;
  /** @throws Unavailable when there is none that will do. */
  find(): Promise<Found<T>>;
}

export const program = (wanted: Program): Sought<{ file: string }> => ({
  name: wanted.names[0]!,
  find: () => findProgram(wanted),
});

export const homebrewPlaces = ['/opt/homebrew/bin', '/usr/local/bin', '/home/linuxbrew/.linuxbrew/bin'];

/** @throws Unavailable when there is none that is new enough. */
export async function findProgram(
  wanted: Program,
  searchPath = process.env.PATH ?? '',
): Promise<Found<{ file: string }>> {
  const { names, places, minimum, maximum } = wanted;
  const directories = [...searchPath.split(delimiter), ...places.flatMap(expand)].filter(Boolean);
  const files = directories
    .flatMap((directory) => names.map((name) => join(directory, name)))
    .filter(isExecutable);
  const unfit: string[] = [];
  for (const file of files) {
    const version = await versionOf(file, wanted.versionArgs);
    const isTooNew = maximum !== undefined && isAtLeast(version, { major: maximum.major + 1, minor: 0 });
    if (isAtLeast(version, minimum) && !isTooNew)
      return { value: { file }, because: `${file}, version ${version}` };
    unfit.push(`; ${file} is version ${version}`);
  }
  const what = `${names.join(' or ')} ${minimum.major}.${minimum.minor} ${maximum ? `to ${maximum.major}` : 'or newer'}`;
  throw new Unavailable(`no ${what} on the PATH or in the usual places${unfit.join('')}`);
}

function expand(place: string): string[] {
  const [, parent, prefix, rest] = /^(.*\/)(.*)\*(.*)$/.exec(place) ?? [];
  if (parent === undefined || prefix === undefined) return [place];
  const versions = list(parent).filter((entry) => entry.startsWith(prefix));
  const newestFirst = versions.sort((a, b) => b.localeCompare(a, undefined, { numeric: true }));
  return newestFirst.map((version) => parent + version + rest);
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The version it reports; 0.0 if it cannot even do that. */
async function versionOf(file: string, args: string[]): Promise<string> {
  const { stdout } = await execa(file, args, { reject: false, timeout: 10_000 });
  // The first Java of a major version calls itself 21, without any dot.
  const found = /\d+\.\d+(\.\d+)?/.exec(stdout ?? '') ?? /\b\d+\b/.exec(stdout ?? '');
  return found?.[0] ?? '0.0';
}

function isAtLeast(version: string, { major, minor }: Program['minimum']): boolean {
  const [hasMajor = 0, hasMinor = 0] = version.split('.').map(Number);
  return hasMajor > major || (hasMajor === major && hasMinor >= minor);
}

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { localDirectory } from '../paths.mjs';
import { isAlive, startOf } from './process-table.mjs';

/** Does a piece of set-up in one process of this checkout at a time; the others wait. */
export async function exclusively(name, work) {
  mkdirSync(localDirectory, { recursive: true });
  const file = join(localDirectory, `${name}.lock`);
  for (let attempt = 0; !take(file); attempt++) {
    if (attempt === 0) console.log(`… waiting: another verb of this checkout is busy with ${name}`);
    await delay(100);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  try {
    linkSync(own, file); // unlike an exclusive open, the file appears with its content
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    removeIfAbandoned(file, own);
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function removeIfAbandoned(file, own) {
  try {
    if (isAlive(JSON.parse(readFileSync(file, 'utf8')))) return;
    renameSync(file, own);
    // Somebody else may have removed it first and taken the lock: then this is theirs.
    if (isAlive(JSON.parse(readFileSync(own, 'utf8')))) renameSync(own, file);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

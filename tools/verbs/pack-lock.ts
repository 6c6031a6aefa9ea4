import { relative } from 'node:path';
import { packLock } from '../pack-lock.js';

/** npm run pack-lock: makes an npm package of libs/lock. */
export async function run(): Promise<number> {
  console.log(`\n${relative(process.cwd(), await packLock())}`);
  return 0;
}

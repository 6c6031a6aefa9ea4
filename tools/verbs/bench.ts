import { runInForeground } from '../processes/run-command.js';
import { startServices } from '../services/services.js';
import { build, mainOf } from '../setup/build.js';

/** npm run bench */
export async function run(args: string[]): Promise<number> {
  const { databaseUrl, redisUrl } = await startServices();
  await build();
  const env = { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl };
  return runInForeground(process.execPath, [mainOf('lab'), 'bench', ...args], env);
}

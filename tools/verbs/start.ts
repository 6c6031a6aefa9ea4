import { parseArgs } from 'node:util';
import { LOCK_SERVER_VARIABLES } from '@app/config';
import { startControl } from '../../local/control/control.js';
import { parseLockServers } from '../../local/stack/lock-servers.js';
import { writeStackFile } from '../../local/stack/stack-file.js';
import { startStack } from '../../local/stack/stack.js';
import { REDIS_KINDS } from '../../local/services/services.js';
import { oneOf, positiveInteger } from '../options/arguments.js';

const help = `npm start -- [options]
Runs the application until Ctrl-C.

  --api-replicas n   API processes (2)
  --workers n        worker processes (4)
  --redis kind       one, a server; sentinel, a primary with two replicas and three Sentinels;
                     or cluster, three primaries with a replica each (one)
  --locks list       lock servers besides Redis and Postgres, comma separated or all:
                     redlock, etcd, zookeeper, consul, cassandra, mysql (none)`;

export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      'api-replicas': { type: 'string', default: '2' },
      workers: { type: 'string', default: '4' },
      redis: { type: 'string' },
      locks: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const locks = parseLockServers(values.locks);
  let control = '';
  const stack = await startStack({
    apiReplicas: positiveInteger('--api-replicas', values['api-replicas']),
    workers: positiveInteger('--workers', values.workers),
    redis: oneOf('--redis', values.redis, REDIS_KINDS),
    locks,
    apiEnv: async (starting) => ({ DASHBOARD_CONTROL_URL: (control = await startControl(starting)) }),
  });
  writeStackFile(stack);
  console.log(`
  dashboard  ${stack.apiUrls[0]}/#key=${stack.adminKey}&control=${control}
  API        ${stack.apiUrls.join('  ')}
  OpenAPI    ${stack.apiUrls[0]}/docs
  admin key  ${stack.adminKey}
  Postgres   ${stack.databaseUrl}
  Redis      ${stack.redisUrl}
${locks.map((name) => `  ${name.padEnd(9)}  ${stack.env[LOCK_SERVER_VARIABLES[name]]}\n`).join('')}
Ready. Ctrl-C ends it all. Load it from another terminal: npm run load-test -- smoke`);
  return new Promise(() => {}); // until a signal ends the verb
}

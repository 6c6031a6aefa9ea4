import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onFreePort } from '../../../local/processes/free-port.js';
import { makeCertificates } from '../../../local/services/certificates.js';
import { newPassword, startRedisProgram } from '../../../local/services/redis.js';
import { nextName, startServer, type Service } from '../../../local/services/service.js';
import { provideRedisProgram } from '../../../local/setup/redis.js';
import { openRedis, reachable, readyRedis, ServerUnusableError, type RedisServers } from '../src/index.js';

const password = newPassword();
const log = { warn: () => undefined };

let folder: string;
let files: Awaited<ReturnType<typeof makeCertificates>>;
let started: Service[];
let ca: string;
let port: number;
let sentinelPort: number;

const directives = (tlsPort: number) => [
  `tls-port ${tlsPort}`,
  `tls-cert-file ${files.cert}`,
  `tls-key-file ${files.key}`,
  `tls-ca-cert-file ${files.ca}`,
  'tls-auth-clients no',
  'tls-replication yes',
];

async function startSentinel(tlsPort: number): Promise<Service> {
  const { file } = await provideRedisProgram();
  const config = join(folder, 'sentinel.conf');
  const shop = [`sentinel monitor shop 127.0.0.1 ${port} 1`, `sentinel auth-pass shop ${password}`];
  await writeFile(config, ['port 0', ...directives(tlsPort), `dir ${folder}`, ...shop].join('\n'));
  return startServer({
    name: nextName('sentinel'),
    url: `rediss://127.0.0.1:${tlsPort}`,
    command: { file, args: [config, '--sentinel'] },
    isReady: async (url) => {
      const sentinel = new Redis(url, { tls: { ca }, retryStrategy: () => null }).on(
        'error',
        () => undefined,
      );
      return sentinel
        .ping()
        .then((said) => said === 'PONG')
        .finally(() => sentinel.disconnect());
    },
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'redis-tls-'));
  files = await makeCertificates(folder);
  ca = readFileSync(files.ca, 'utf8');
  started = [];
  started.push(
    await onFreePort((free) => startRedisProgram({ password, directives: directives((port = free)) })),
  );
  started.push(await onFreePort((free) => startSentinel((sentinelPort = free))));
}, 60_000);
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  await rm(folder, { recursive: true });
});

describe.each<[string, string, (authority?: string) => RedisServers]>([
  [
    'one server',
    'Redis shows a certificate that is not trusted',
    (authority) => ({ kind: 'one', url: `rediss://:${password}@127.0.0.1:${port}`, ca: authority }),
  ],
  [
    'a Sentinel and its server',
    'Redis refuses this client',
    (authority) => ({
      kind: 'sentinel',
      sentinels: [{ host: '127.0.0.1', port: sentinelPort }],
      name: 'shop',
      password,
      tls: true,
      ca: authority,
    }),
  ],
])('TLS with %s', (_, refusal, servers) => {
  it('serves, its duplicates too, where the authority is known', async () => {
    await reachable({ Redis: servers(ca) }, log);
    const redis = await readyRedis(openRedis(servers(ca), { name: 'test', patience: 'work' }, log));
    const duplicate = redis.duplicate();
    await redis.set('a', '1');
    expect(await duplicate.get('a')).toBe('1');
    redis.disconnect();
    duplicate.disconnect();
  });

  it('ends the boot where the authority is unknown, and is told later', async () => {
    await expect(reachable({ Redis: servers() }, log)).rejects.toThrow(ServerUnusableError);
    const lines: string[] = [];
    const told = new Promise<void>((resolve) => {
      const heard = { warn: (_fields: object, message: string) => resolve(void lines.push(message)) };
      const redis = openRedis(servers(), { name: 'test', patience: 'requests' }, heard);
      void redis
        .get('a')
        .catch(() => undefined)
        .finally(() => redis.disconnect());
    });
    await told;
    expect(lines[0]).toContain(refusal);
  });
});

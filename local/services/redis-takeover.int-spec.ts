import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { replicable, takeOver } from './redis-takeover.js';
import { askRedis, newPassword, startRedisProgram } from './redis.js';

it('loses nothing that was confirmed, not even to a crash right after it, and the old server refuses writes', async () => {
  const password = newPassword();
  const old = await startRedisProgram({ password, fsync: 'always', directives: replicable(password) });
  onTestFinished(() => old.stop());
  const client = new Redis(old.url);
  onTestFinished(() => client.disconnect());
  let confirmed = 0;
  const writing = (async () => {
    for (;;) await client.incr('count').then((count) => (confirmed = count));
  })();
  const refused = writing.catch(String);

  const next = await takeOver(old, password);
  onTestFinished(() => next.stop());
  expect(await refused).toContain('READONLY');
  await next.kill();
  await next.start();

  expect(confirmed).toBeGreaterThan(0);
  expect(await askRedis(next.url, (redis) => redis.get('count'))).toBe(String(confirmed));
});

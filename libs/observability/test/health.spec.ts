import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { HealthModule } from '../src/index.js';

it('checks a server once for all who ask at the same time, and again for those who ask later', async () => {
  let checks = 0;
  let up = true;
  const database = async () => {
    checks++;
    await sleep(200);
    if (!up) throw new Error('is gone');
  };
  const module = HealthModule.forRootAsync({
    ending: new AbortController().signal,
    useFactory: () => ({ database }),
  });
  const app = await NestFactory.create(module, new FastifyAdapter(), { logger: false });
  onTestFinished(() => app.close());
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const ask = async () => (await fetch(`${url}/health/ready`)).status;

  expect(new Set(await Promise.all(Array.from({ length: 50 }, ask)))).toEqual(new Set([200]));
  expect(checks).toBeLessThan(10); // one, or one more for each who came late
  up = false;
  expect(await ask()).toBe(503);
  up = true;
  expect(await ask()).toBe(200);
});

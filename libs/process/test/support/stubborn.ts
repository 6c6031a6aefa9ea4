import { FastifyAdapter } from '@nestjs/platform-fastify';
import { NestFactory } from '@nestjs/core';
import { setTimeout as sleep } from 'node:timers/promises';
import 'reflect-metadata';
import { runProcess } from '../../src/index.js';

/** A process whose part behaves as it is told to: see `run-process.spec.ts`. */
const [behaviour, port] = process.argv.slice(2);

const say = (text: string) => process.stdout.write(`${text}\n`);

class Refusal extends Error {}

class Part {
  async onApplicationBootstrap() {
    if (behaviour !== 'begins slowly' && behaviour !== 'does not begin') return;
    say('the part begins');
    await sleep(behaviour === 'begins slowly' ? 1_000 : 60_000);
    say('the part has begun');
  }

  async beforeApplicationShutdown() {
    if (behaviour === 'cannot end') throw new Error('the part is stuck');
    if (behaviour === 'hangs') await new Promise(() => undefined);
    if (behaviour === 'is slow') await sleep(60_000);
  }
}

class Other {
  onApplicationShutdown() {
    say('the other part has ended');
  }
}

await runProcess({
  expected: [Refusal],
  boot: async (ending) => {
    ending.addEventListener('abort', () => say('is told to end'));
    if (behaviour === 'is refused') throw new Refusal('change something');
    if (behaviour === 'has nothing to serve') return undefined;
    if (behaviour === 'boots for ever') {
      say('boots');
      await sleep(60_000);
    }
    const providers = [Part, Other].map((Kind) => ({ provide: Kind, useValue: new Kind() }));
    const app = await NestFactory.create({ module: class {}, providers }, new FastifyAdapter());
    if (behaviour === 'throws') setTimeout(() => fail());
    if (behaviour === 'rejects') setTimeout(() => void Promise.resolve().then(fail));
    return {
      app,
      host: '127.0.0.1',
      port: Number(port),
      graceMs: behaviour === 'does not begin' ? 60_000 : 0,
      timeoutMs: behaviour === 'is slow' || behaviour === 'begins slowly' ? 60_000 : 1_000,
    };
  },
});
say('serves');

function fail() {
  throw new Error('a part is broken', { cause: new Error('its reason') });
}

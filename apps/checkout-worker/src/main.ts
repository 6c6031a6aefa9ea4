import { keepShardCount } from '@app/checkout-queue';
import { ConfigError, loadWorkerConfig, postgresOf, redisServersOf } from '@app/config';
import { bootLog, loggerOf } from '@app/observability';
import { httpLimits, runProcess } from '@app/process';
import { reachable, ServerUnusableError } from '@app/servers';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import 'reflect-metadata';
import { retireSales } from './retire-sales.js';
import { WorkerModule } from './worker.module.js';

await runProcess({
  expected: [ConfigError, ServerUnusableError],
  boot: async (ending) => {
    const [command] = process.argv.slice(2);
    if (command === 'retire') return retireSales();
    if (command !== undefined)
      throw new ConfigError(`There is no command ${command}. Use \`retire\`, or nothing to serve.`);
    const config = loadWorkerConfig();
    const log = bootLog(config.LOG_LEVEL);
    const Redis = redisServersOf(config);
    await reachable({ Postgres: postgresOf(config).main, Redis }, log);
    await keepShardCount(Redis, log);
    const module = WorkerModule.with(config, ending);
    const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(httpLimits()), {
      abortOnError: false,
      logger: loggerOf(config),
    });
    const { HOST: host, PORT: port, SHUTDOWN_TIMEOUT_MS: timeoutMs } = config;
    return { app, host, port, graceMs: 0, timeoutMs };
  },
});

import { ConfigError, loadWorkerConfig } from '@app/config';
import { runProcess } from '@app/process';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import 'reflect-metadata';
import { WorkerModule } from './worker.module.js';

await runProcess({
  expected: [ConfigError],
  boot: async (ending) => {
    const config = loadWorkerConfig();
    const module = WorkerModule.with(config, ending);
    const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
      abortOnError: false,
      bufferLogs: true,
    });
    app.useLogger(app.get(Logger));
    const { HOST: host, PORT: port, SHUTDOWN_TIMEOUT_MS: timeoutMs } = config;
    return { app, host, port, graceMs: 0, timeoutMs };
  },
});

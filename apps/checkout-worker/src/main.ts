import { ConfigError, loadWorkerConfig } from '@app/config';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import 'reflect-metadata';
import { WorkerModule } from './worker.module.js';

try {
  const config = loadWorkerConfig();
  const app = await NestFactory.create<NestFastifyApplication>(
    WorkerModule.with(config),
    new FastifyAdapter(),
    {
      bufferLogs: true,
    },
  );
  app.useLogger(app.get(Logger));
  app.enableShutdownHooks();
  await app.listen(config.PORT, config.HOST);
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}

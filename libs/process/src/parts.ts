import { Logger, type INestApplication } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connections } from './connections.js';

type End = (...args: unknown[]) => unknown;

/**
 * The parts of an application that have to end. Nest awaits them one after the other, so one that hangs would block the others.
 * Here each part, also of a library, has a time limit and is then left behind.
 */
export class Parts {
  readonly #log = new Logger('Process');
  readonly #unfinished = new Set<{ readonly name: string }>();
  readonly #connections: Connections;

  /** @param timeoutMs for all parts: work in hand may take half of it, each connection to a server an eighth */
  constructor(
    app: INestApplication<Server>,
    private readonly timeoutMs: number,
  ) {
    for (const part of instancesOf(app)) {
      this.#bound(part, 'onModuleDestroy', timeoutMs / 8);
      this.#bound(part, 'beforeApplicationShutdown', timeoutMs / 2);
      this.#bound(part, 'onApplicationShutdown', timeoutMs / 8);
    }
    this.#connections = new Connections(app.getHttpServer());
    const http = app.getHttpAdapter();
    const close = http.close.bind(http);
    http.close = () =>
      this.#inTime('requests', timeoutMs / 2, () => {
        this.#connections.end();
        return close();
      });
  }

  /** Names of the parts that began to end and did not finish. */
  get unfinished(): string[] {
    return Array.from(this.#unfinished, ({ name }) => name);
  }

  /** It still serves, and soon will not. */
  drain(): void {
    this.#connections.drain();
  }

  /** Waits until the application has started, since a part that ended before its start would start afterwards. Resolves to whether it has. */
  begun(beginning: Promise<unknown>): Promise<boolean> {
    return this.#inTime('the beginning', this.timeoutMs / 8, () => beginning);
  }

  #bound(part: object, hook: string, limitMs: number) {
    const end = (part as Record<string, End | undefined>)[hook];
    if (typeof end !== 'function') return;
    const bounded = (...args: unknown[]) =>
      this.#inTime(part.constructor.name, limitMs, () => end.apply(part, args));
    Object.assign(part, { [hook]: bounded });
  }

  async #inTime(name: string, limitMs: number, end: () => unknown): Promise<boolean> {
    const entry = { name };
    this.#unfinished.add(entry);
    const ended = (async () => end())().then(
      () => this.#unfinished.delete(entry),
      (error: unknown) => {
        this.#log.error({ err: error, msg: `${name} could not be ended` });
        return false;
      },
    );
    return Promise.race([ended, sleep(limitMs, false, { ref: false })]);
  }
}

/** All instances of this application that Nest has made or was given. */
function instancesOf(app: INestApplication): Set<object> {
  const instances = [...app.get(ModulesContainer).values()].flatMap((module) =>
    [module.providers, module.controllers, module.injectables].flatMap((hosts) =>
      Array.from(hosts.values(), ({ instance }): unknown => instance),
    ),
  );
  return new Set(instances.filter((each): each is object => typeof each === 'object' && each !== null));
}

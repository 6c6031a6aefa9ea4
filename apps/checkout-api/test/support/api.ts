import { Admissions, type CheckoutJob } from '@app/checkout-queue';
import { loadApiConfig, type ApiConfig } from '@app/config';
import { migrate, poolOf } from '@app/database';
import { orderIdOf } from '@app/orders';
import { Shards } from '@app/servers';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Queue } from 'bullmq';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { inject } from 'vitest';
import { LABORATORY } from '../../../../local/stack/laboratory.js';
import { createApp } from '../../src/app.js';
import type { NewSale, SaleView } from '../../src/sales/sale.schema.js';

export const ADMIN_KEY = 'a-key-for-tests-only';
/** Of scope `read`, where a test configures it. */
export const READ_KEY = 'a-key-for-looking-only';
const JSON_TYPE = 'application/json';

interface CheckoutRequest {
  readonly key?: string;
  readonly prefer?: string;
  readonly body?: object;
}

/** The real application on real servers, listening on a free port. */
export class Api {
  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
  ) {}

  static async start(overrides: Partial<ApiConfig> = {}): Promise<Api> {
    await migrate(inject('databaseUrl'));
    const config = loadApiConfig({
      ...LABORATORY,
      REDIS_URL: inject('redisUrl'),
      DATABASE_URL: inject('databaseUrl'),
      ADMIN_KEY,
      LOG_LEVEL: 'silent',
    });
    const app = await createApp({ ...config, ...overrides }, new AbortController().signal);
    await app.listen(0, '127.0.0.1');
    return new Api(app, await app.getUrl());
  }

  get http() {
    return request(this.url);
  }

  get admissions(): Admissions {
    return this.app.get(Admissions);
  }

  /** Its connections. */
  get shards(): Shards {
    return this.app.get(Shards);
  }

  get redis(): Redis {
    return this.shards.all[0]!.redis;
  }

  get queue(): Queue<CheckoutJob> {
    return this.admissions.queues.all[0]!;
  }

  get database(): Pool {
    return poolOf(this.app.get(DataSource));
  }

  openSale(sale: object) {
    return this.http.post('/sales').set('authorization', `Bearer ${ADMIN_KEY}`).send(sale);
  }

  audit(saleId: string) {
    return this.http.get(`/sales/${saleId}/audit`).set('authorization', `Bearer ${ADMIN_KEY}`);
  }

  /** A sale of the SKU `hot`, whatever else is asked for. */
  async sale(sale: Partial<NewSale> = {}): Promise<SaleView> {
    const items = [{ sku: 'hot', stock: 5 }];
    const given = { name: 'test', strategy: 'conditional-update', items, ...sale };
    const { body } = await this.openSale(given).expect(201);
    return body as SaleView;
  }

  /** What the order of this buyer and key is called, which nobody outside can know. */
  async orderIdOf(saleId: string, buyerId: string, key: string): Promise<string> {
    const sql = 'SELECT order_namespace FROM sales WHERE id = $1';
    const { rows } = await this.database.query<{ order_namespace: string }>(sql, [saleId]);
    return orderIdOf({ id: saleId, orderNamespace: rows[0]!.order_namespace }, buyerId, key);
  }

  checkout(saleId: string, { key = randomUUID(), prefer, body = {} }: CheckoutRequest = {}) {
    const call = this.http.post(`/sales/${saleId}/checkouts`).set('idempotency-key', key);
    if (prefer !== undefined) void call.set('prefer', prefer);
    return call.type(JSON_TYPE).send({ sku: 'hot', quantity: 1, buyerId: randomUUID(), ...body });
  }

  /** Leaves no job to the workers of other tests. */
  async stop(): Promise<void> {
    await this.queue.obliterate({ force: true });
    await this.app.close();
  }
}

import { Feed, Webhooks } from '@app/events';
import { Module } from '@nestjs/common';
import type { Pool } from 'pg';
import { READ_POOL } from '../core/tokens.js';
import { EventMetrics } from './event-metrics.js';
import { FeedController } from './feed.controller.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';

/** Whoever follows the feed shares connections with other readers, not with buyers. */
@Module({
  controllers: [FeedController, WebhooksController],
  providers: [
    WebhooksService,
    EventMetrics,
    { provide: Feed, inject: [READ_POOL], useFactory: (pool: Pool) => new Feed(pool) },
    { provide: Webhooks, inject: [READ_POOL], useFactory: (pool: Pool) => new Webhooks(pool) },
  ],
})
export class EventsModule {}

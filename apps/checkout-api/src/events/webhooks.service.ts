import { Webhooks } from '@app/events';
import { Injectable } from '@nestjs/common';
import { ProblemError } from '../http/problems/problem.js';
import { fromPostgres } from '../http/problems/unavailable.js';
import {
  viewOfDead,
  viewOfWebhook,
  type CreatedWebhookView,
  type DeadOrderView,
  type NewWebhook,
  type SecretView,
  type WebhookView,
} from './webhook.schema.js';

/** Each has a task in a worker, and its own way to be slow. */
const MOST_WEBHOOKS = 100;

/** Who is told of events; admins are told apart by the names of their keys. Every call may end with a {@link ProblemError}. */
@Injectable()
export class WebhooksService {
  constructor(private readonly webhooks: Webhooks) {}

  async create(admin: string, webhook: NewWebhook): Promise<CreatedWebhookView> {
    if ((await this.list()).length >= MOST_WEBHOOKS)
      throw new ProblemError('TOO_MANY_WEBHOOKS', `There are ${MOST_WEBHOOKS} already: delete one.`);
    const created = await fromPostgres(this.webhooks.create(admin, webhook));
    if (!created) throw new ProblemError('EVENTS_NOT_KEPT', 'GET /events tells where the feed begins.');
    return { ...(await this.get(created.id)), secret: created.secret };
  }

  async list(): Promise<WebhookView[]> {
    return (await fromPostgres(this.webhooks.list())).map(viewOfWebhook);
  }

  async get(id: string): Promise<WebhookView> {
    const webhook = await fromPostgres(this.webhooks.find(id));
    if (!webhook) throw notFound();
    return viewOfWebhook(webhook);
  }

  async remove(admin: string, id: string): Promise<void> {
    await fromPostgres(this.webhooks.remove(admin, id));
  }

  async changeSecret(admin: string, id: string): Promise<SecretView> {
    const secret = await fromPostgres(this.webhooks.changeSecret(admin, id));
    if (secret === undefined) throw notFound();
    return { secret };
  }

  async deadOrders(id: string, most: number): Promise<DeadOrderView[]> {
    await this.get(id);
    return (await fromPostgres(this.webhooks.deadOrders(id, most))).map(viewOfDead);
  }

  async retry(admin: string, id: string, orderId?: string): Promise<number> {
    await this.get(id);
    return fromPostgres(this.webhooks.retry(admin, id, orderId));
  }

  async discard(admin: string, id: string, orderId: string): Promise<void> {
    await fromPostgres(this.webhooks.discard(admin, id, orderId));
  }
}

const notFound = () => new ProblemError('WEBHOOK_NOT_FOUND', 'GET /webhooks lists those there are.');

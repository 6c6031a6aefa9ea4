import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { AdminGuard, AdminName } from '../admin/admin.guard.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { orderId } from '../orders/order.schema.js';
import {
  createdWebhookSchema,
  deadOrderListQuery,
  deadOrderSchema,
  newWebhookSchema,
  retriedSchema,
  retryQuery,
  secretSchema,
  webhookId,
  webhookSchema,
  type CreatedWebhookView,
  type DeadOrderListQuery,
  type DeadOrderView,
  type NewWebhook,
  type RetriedView,
  type RetryQuery,
  type SecretView,
  type WebhookView,
} from './webhook.schema.js';
import { WebhooksService } from './webhooks.service.js';

@ApiTags('events')
@Controller('webhooks')
@UseGuards(AdminGuard)
@ApiBearerAuth('admin')
@ApiProblems('VALIDATION_FAILED', 'ADMIN_KEY_REQUIRED', 'POSTGRES_UNAVAILABLE')
export class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Post()
  @ApiOperation({
    summary: 'Have events sent to a URL',
    description:
      'Each is a POST of an event of the feed, signed as Standard Webhooks say, and sent again until it is answered with a status of ' +
      '200 to 299. An event never comes before those of the same order that precede it, and may come more than once.',
  })
  @ApiCreatedResponse({ standardSchema: createdWebhookSchema })
  @ApiProblems('VALIDATION_FAILED', 'MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  @ApiProblems('EVENTS_NOT_KEPT', 'TOO_MANY_WEBHOOKS')
  create(
    @AdminName() admin: string,
    @Body({ schema: newWebhookSchema }) webhook: NewWebhook,
  ): Promise<CreatedWebhookView> {
    return this.webhooks.create(admin, webhook);
  }

  @Get()
  @ApiOperation({ summary: 'Who is told of events, and how far each has come' })
  @ApiOkResponse({ standardSchema: webhookSchema, isArray: true })
  list(): Promise<WebhookView[]> {
    return this.webhooks.list();
  }

  @Get(':webhookId')
  @ApiOperation({ summary: 'One of them' })
  @ApiOkResponse({ standardSchema: webhookSchema })
  @ApiProblems('WEBHOOK_NOT_FOUND')
  get(@Param('webhookId', { schema: webhookId }) id: string): Promise<WebhookView> {
    return this.webhooks.get(id);
  }

  @Delete(':webhookId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Send no more events there', description: 'Harmless to repeat.' })
  @ApiNoContentResponse({ description: 'It is not there' })
  remove(@AdminName() admin: string, @Param('webhookId', { schema: webhookId }) id: string): Promise<void> {
    return this.webhooks.remove(admin, id);
  }

  @Post(':webhookId/secret')
  @ApiOperation({
    summary: 'Sign by a new secret',
    description: 'What is sent carries two signatures from then on: by the new one, and by the one before.',
  })
  @ApiCreatedResponse({ standardSchema: secretSchema })
  @ApiProblems('WEBHOOK_NOT_FOUND')
  changeSecret(
    @AdminName() admin: string,
    @Param('webhookId', { schema: webhookId }) id: string,
  ): Promise<SecretView> {
    return this.webhooks.changeSecret(admin, id);
  }

  @Get(':webhookId/dead-letters')
  @ApiOperation({ summary: 'Orders whose next event was refused until it was given up, the latest first' })
  @ApiOkResponse({ standardSchema: deadOrderSchema, isArray: true })
  @ApiProblems('WEBHOOK_NOT_FOUND')
  deadLetters(
    @Param('webhookId', { schema: webhookId }) id: string,
    @Query({ schema: deadOrderListQuery }) { limit }: DeadOrderListQuery,
  ): Promise<DeadOrderView[]> {
    return this.webhooks.deadOrders(id, limit);
  }

  @Post(':webhookId/retry')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Send what was given up again',
    description:
      'An order’s events come in their order. One that is refused again is tried as often as before.',
  })
  @ApiAcceptedResponse({ standardSchema: retriedSchema, description: 'A worker will send them' })
  @ApiProblems('WEBHOOK_NOT_FOUND')
  async retry(
    @AdminName() admin: string,
    @Param('webhookId', { schema: webhookId }) id: string,
    @Query({ schema: retryQuery }) { orderId: only }: RetryQuery,
  ): Promise<RetriedView> {
    return { orders: await this.webhooks.retry(admin, id, only) };
  }

  @Delete(':webhookId/dead-letters/:orderId')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Give up the events of an order that were refused',
    description: 'Those that follow are sent. Harmless to repeat.',
  })
  @ApiNoContentResponse({ description: 'They are not there' })
  discard(
    @AdminName() admin: string,
    @Param('webhookId', { schema: webhookId }) id: string,
    @Param('orderId', { schema: orderId }) order: string,
  ): Promise<void> {
    return this.webhooks.discard(admin, id, order);
  }
}

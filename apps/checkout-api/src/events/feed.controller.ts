import { Feed, NotInFeedError, viewOf, type OrderEvent } from '@app/events';
import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AdminGuard } from '../admin/admin.guard.js';
import { ApiProblems } from '../http/problems/api-problems.decorator.js';
import { ProblemError } from '../http/problems/problem.js';
import { fromPostgres } from '../http/problems/unavailable.js';
import { eventListQuery, eventPageSchema, type EventListQuery, type EventPageView } from './feed.schema.js';

@ApiTags('events')
@Controller('events')
@UseGuards(AdminGuard)
@ApiBearerAuth('admin')
export class FeedController {
  constructor(private readonly feed: Feed) {}

  @Get()
  @ApiOperation({
    summary: 'What happened to orders, oldest first',
    description:
      'Numbers have no gap unless `types` leaves some out, and the events of an order come in their order. ' +
      'Whoever keeps `next` together with what it made of a page misses nothing.',
  })
  @ApiOkResponse({ standardSchema: eventPageSchema })
  @ApiProblems('VALIDATION_FAILED', 'ADMIN_KEY_REQUIRED', 'EVENTS_NOT_KEPT', 'POSTGRES_UNAVAILABLE')
  async read(
    @Query({ schema: eventListQuery }) { after, limit, types }: EventListQuery,
  ): Promise<EventPageView> {
    const { events, ...page } = await fromPostgres(this.feed.read(after, limit, types).catch(refuse));
    return { events: events.map(viewAsDocumented), ...page };
  }
}

const viewAsDocumented = (event: OrderEvent) => viewOf(event) as EventPageView['events'][number];

function refuse(error: unknown): never {
  if (!(error instanceof NotInFeedError)) throw error;
  throw new ProblemError('EVENTS_NOT_KEPT', `The feed goes from ${error.deletedThrough} to ${error.last}.`);
}

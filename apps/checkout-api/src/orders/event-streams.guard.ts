import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { EventStreams } from './event-streams.js';

/** Refuses a stream too many before anything is asked of a server. */
@Injectable()
export class EventStreamsGuard implements CanActivate {
  constructor(private readonly streams: EventStreams) {}

  canActivate(context: ExecutionContext): boolean {
    this.streams.check(context.switchToHttp().getRequest<FastifyRequest>());
    return true;
  }
}

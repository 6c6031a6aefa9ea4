import { SaleCatalog, type Sale } from '@app/inventory';
import type { OrderRequest } from '@app/orders';
import { WaitingRooms, type Room, type Standing } from '@app/waiting-room';
import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { DataSource } from 'typeorm';
import { buyerOfSettled } from '../buyers/buyer-of-settled.js';
import { ProblemError } from '../http/problems/problem.js';
import { fromRedis } from '../http/problems/unavailable.js';
import { endingOf } from '../sales/closure.js';
import { findSale } from '../sales/find-sale.js';
import { RemainingStock } from './remaining-stock.js';
import { RoomMetrics } from './room-metrics.js';

/** In milliseconds: nobody knows how long a pause lasts. Buyers are told to ask again after a quarter of this. */
const PAUSE_MS = 20_000;

/** A buyer's standing and the units left, which are undefined while Postgres does not answer. */
type StandingInSale = Standing & { readonly available?: number };

/** The waiting rooms of sales that have one. */
@Injectable()
export class WaitingRoomService {
  constructor(
    private readonly catalog: SaleCatalog,
    private readonly rooms: WaitingRooms,
    private readonly remaining: RemainingStock,
    private readonly metrics: RoomMetrics,
    private readonly dataSource: DataSource,
    private readonly logger: PinoLogger,
  ) {}

  /**
   * Enters, or asks again.
   *
   * @throws {ProblemError}
   */
  async enter(saleId: string, buyerId: string): Promise<StandingInSale> {
    const sale = await findSale(this.catalog, saleId);
    const room = roomOf(sale) ?? noRoom(saleId);
    const ending = endingOf(sale, Date.now());
    if (ending) throw ending;
    const { available, over } = (await this.remaining.of(saleId)) ?? {};
    if (over) throw new ProblemError('SOLD_OUT', 'Everything is paid: nothing will come back.');
    const standing = await fromRedis(this.rooms.enter(room, buyerId));
    this.metrics.count(saleId, standing);
    return { ...standing, available };
  }

  /** @throws {ProblemError} */
  async leave(saleId: string, buyerId: string): Promise<void> {
    const room = roomOf(await findSale(this.catalog, saleId)) ?? noRoom(saleId);
    await fromRedis(this.rooms.leave(room, buyerId));
  }

  /** A buyer who has paid or cancelled makes place for the next. If this fails, the place ends by its own time. */
  async orderEnded({ orderId, saleId }: Pick<OrderRequest, 'orderId' | 'saleId'>): Promise<void> {
    try {
      const room = roomOf(await findSale(this.catalog, saleId));
      if (!room) return;
      const buyerId = await buyerOfSettled(this.dataSource, orderId);
      await this.rooms.endPlace(room, buyerId!);
    } catch (error) {
      this.logger.warn({ err: error, orderId }, 'the place of its buyer ends later');
    }
  }
}

/** While the sale is paused, buyers queue as they do before it starts. */
function roomOf({ id, waitingRoom, startsAt, pausedAt }: Sale): Room | undefined {
  if (!waitingRoom) return undefined;
  const start = startsAt?.getTime() ?? 0;
  const opensAt = pausedAt ? Math.max(start, Date.now() + PAUSE_MS) : start;
  return { ...waitingRoom, id, opensAt: new Date(opensAt) };
}

/** @throws {ProblemError} NO_WAITING_ROOM */
function noRoom(saleId: string): never {
  throw new ProblemError('NO_WAITING_ROOM', `Buy at once: POST /sales/${saleId}/checkouts.`);
}

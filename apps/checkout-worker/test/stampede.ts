import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Stack } from '../../../local/stack/stack.js';
import { Shopper } from './shopper.js';

export const STOCK = 500;
export const CHECKOUTS = 2_000;
const SOUND = { held: STOCK, pending: 0, oversold: 0, undersold: 0, lostUpdates: 0, conserved: true };

/** What a fault can hit. */
interface Victim {
  start(): Promise<unknown>;
}

/** 2,000 buyers of 500 units, through the processes of a stack. */
export class Stampede {
  readonly shopper: Shopper;

  constructor(stack: Stack) {
    this.shopper = new Shopper(stack);
  }

  /** All goes well: exactly the stock is sold, and no order is there twice. */
  async sellsExactly(strategy: string, stripes = 1): Promise<void> {
    const saleId = await this.shopper.openSale(strategy, STOCK, stripes);
    const accepted = await this.shopper.stampede(saleId, CHECKOUTS);
    expect(await this.shopper.drained(saleId)).toMatchObject(SOUND);
    expect(new Set(accepted.map(({ orderId }) => orderId)).size).toBe(accepted.length);
  }

  /** The fault hits the victims in the middle of it; they are started again once every buyer has an answer. */
  async survives<V extends Victim>(
    strategy: string,
    victims: readonly V[],
    fault: (victim: V, saleId: string) => Promise<void>,
    stripes = 1,
  ): Promise<void> {
    const saleId = await this.shopper.openSale(strategy, STOCK, stripes);
    const buying = this.shopper.stampede(saleId, CHECKOUTS);
    await this.#someSold(saleId);
    await Promise.all(victims.map((victim) => fault(victim, saleId)));
    const accepted = await buying;
    await Promise.all(victims.map((victim) => victim.start()));
    expect(await this.shopper.drained(saleId)).toMatchObject(SOUND);
    await this.#allTerminal(accepted);
  }

  /** The fault is to hit workers that have their hands full. */
  async #someSold(saleId: string) {
    for (let tries = 0; tries < 600; tries++) {
      if ((await this.shopper.total(saleId)).held > 20) return;
      await sleep(10);
    }
    throw new Error('nothing was sold within six seconds');
  }

  async #allTerminal(accepted: readonly { orderId: string }[]) {
    expect(accepted.length).toBeGreaterThan(0);
    const orders = await Promise.all(accepted.map(({ orderId }) => this.shopper.order(orderId)));
    for (const { status } of orders) expect(['reserved', 'rejected']).toContain(status);
  }
}

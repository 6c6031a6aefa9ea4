import { orderOf } from '@app/testing';
import fc from 'fast-check';
import { expect } from 'vitest';
import { PaymentUnknownError } from '../../src/index.js';
import { TOKENS, type Model, type ModelOrder, type Token } from './model.js';
import type { Death } from './mortal-provider.js';
import type { Till } from './till.js';

type Command = fc.AsyncCommand<Model, Till>;

/** Whatever was done: this holds. */
export async function holds(model: Model, till: Till) {
  const expected = new Map(model.orders.map(({ order, status }) => [order.orderId, status]));
  expect(await till.statuses()).toEqual(expected);
  const { available } = model;
  const live = model.initial - available;
  const total = await till.total();
  expect(total).toMatchObject({ available, oversold: 0, lostUpdates: 0, conserved: true });
  expect(total.held + total.sold).toBe(live);
  const taken = model.orders
    .filter((each) => each.taken.size > 0)
    .map(({ order, taken: tokens }) => [order.orderId, order.quantity * tokens.size] as const);
  expect(await till.money()).toEqual(new Map(taken));
}

abstract class Checked implements Command {
  check(model: Readonly<Model>): boolean {
    return model.orders.length > 0;
  }

  async run(model: Model, till: Till) {
    await this.act(model, till);
    await holds(model, till);
  }

  protected abstract act(model: Model, till: Till): Promise<void>;
}

/** On one of the orders that are there. */
abstract class OnOrder extends Checked {
  constructor(protected readonly pick: number) {
    super();
  }

  protected orderIn(model: Model): ModelOrder {
    return model.orders[this.pick % model.orders.length]!;
  }
}

class Reserve extends Checked {
  constructor(private readonly quantity: number) {
    super();
  }

  override check() {
    return true;
  }

  protected override async act(model: Model, till: Till) {
    const order = orderOf(till.sale.id, { quantity: this.quantity });
    expect((await till.reserve(order)).status).toBe(model.reserve(order));
  }

  override toString() {
    return `reserve ${this.quantity}`;
  }
}

class Pay extends OnOrder {
  constructor(
    pick: number,
    private readonly token: Token,
    private readonly death: Death,
  ) {
    super(pick);
  }

  protected override async act(model: Model, till: Till) {
    const each = this.orderIn(model);
    till.provider.dieAt = this.death;
    expect(await result(till, each, this.token)).toBe(model.pay(each, this.token, this.death));
    till.provider.dieAt = undefined;
  }

  override toString() {
    return `pay #${this.pick} with ${this.token}${this.death ? `, dying ${this.death}` : ''}`;
  }
}

class MakeDue extends OnOrder {
  constructor(
    pick: number,
    private readonly as: 'expired' | 'cancelled',
  ) {
    super(pick);
  }

  protected override async act(model: Model, till: Till) {
    const each = this.orderIn(model);
    if (each.status !== 'reserved') return;
    each.due = each.due === 'cancelled' ? 'cancelled' : this.as;
    await till.shop.makeDue([each.order], each.due === 'cancelled');
  }

  override toString() {
    return `#${this.pick} is to be ${this.as}`;
  }
}

/** Of all orders, whatever they are, and twice at a time: jobs are delivered at least once. */
class Restock extends Checked {
  protected override async act(model: Model, till: Till) {
    const orders = model.orders.map(({ order }) => order);
    await Promise.all([till.restock(orders), till.restock(orders)]);
    model.restock();
  }

  override toString() {
    return 'restock what is due';
  }
}

class Resume extends Checked {
  protected override async act(model: Model, till: Till) {
    await till.resume();
    model.resume();
  }

  override toString() {
    return 'resume';
  }
}

/** The buyer pays while the reservation expires. Either may win; the loser leaves nothing behind. */
class Race extends OnOrder {
  protected override async act(model: Model, till: Till) {
    const each = this.orderIn(model);
    if (each.status !== 'reserved' || each.due || each.payments.size > 0) return;
    const expire = till.shop.makeDue([each.order]).then(() => till.restock([each.order]));
    const [paid] = await Promise.all([result(till, each, 'tok_a'), expire]);
    const money = (await till.money()).get(each.order.orderId);
    expect(paid).toBe((await till.statuses()).get(each.order.orderId) === 'paid' ? 'paid' : 'not-payable');
    each.status = paid === 'paid' ? 'paid' : 'expired';
    if (money) each.taken.add('tok_a');
    if (await till.began(each.order.orderId))
      each.payments.set('tok_a', paid === 'paid' ? 'charged' : 'over');
  }

  override toString() {
    return `#${this.pick} is paid while it expires`;
  }
}

async function result(till: Till, { order }: ModelOrder, token: Token) {
  try {
    return (await till.payments.pay(order.orderId, token)).result;
  } catch (error) {
    if (error instanceof PaymentUnknownError) return 'unknown';
    throw error;
  }
}

const pick = fc.nat({ max: 20 });
const death = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Death>(undefined) },
  { weight: 1, arbitrary: fc.constantFrom<Death>('before the charge', 'after the charge') },
);

export const commands = fc.commands(
  [
    fc.integer({ min: 1, max: 3 }).map((quantity) => new Reserve(quantity)),
    fc.tuple(pick, fc.constantFrom(...TOKENS), death).map((args) => new Pay(...args)),
    fc
      .tuple(pick, fc.constantFrom('expired' as const, 'cancelled' as const))
      .map((args) => new MakeDue(...args)),
    fc.constant(new Restock()),
    fc.constant(new Resume()),
    pick.map((which) => new Race(which)),
  ],
  { maxCommands: 40, size: 'max' },
);

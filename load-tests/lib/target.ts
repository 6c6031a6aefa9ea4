import type { RefinedResponse } from 'k6/http';

/**
 * What the load tests have to know of a shop that is not this one: a module exports it as its default. k6 runs the module. Each step
 * builds a request and reads the answer; the load test sends it, measures it and gives up on it.
 */
export interface Target {
  /** Opens a sale of these items. Read: its id. */
  readonly openSale: Step<{ readonly items: readonly Item[] }, string>;
  /** One buyer asks for one unit. Some ask twice at the same moment, with the same `key`. Read: what he was told. */
  readonly checkout: Step<Checkout, Outcome>;
  /** Asks the shop what it has sold. Read: its answer, asked for again while something is `pending`. */
  readonly sold: Step<{ readonly saleId: string }, Sold>;
  /**
   * SQL for the database at DATABASE_URL, if that is to be believed rather than the shop: `id`, `buyer` and `units` of every order of
   * the sale $1, with 0 units for an order that was turned down after it was accepted.
   */
  readonly query?: string;
}

export interface Step<Asked, Told> {
  request(asked: Asked): Request;
  read(answer: Answer): Told;
}

export interface Request {
  /** POST where there is a body, else GET. */
  readonly method?: string;
  /** Behind API_URL. */
  readonly path: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON. */
  readonly body?: object;
}

export type Answer = Pick<RefinedResponse<'text'>, 'status' | 'headers' | 'body' | 'json'>;

export interface Item {
  readonly sku: string;
  readonly stock: number;
}

export interface Checkout {
  readonly saleId: string;
  readonly sku: string;
  readonly buyer: string;
  readonly key: string;
}

/** The id of an order that the buyer was promised; or that he was turned away for good, or for now. Undefined: nothing a buyer should see. */
export type Outcome = { readonly order: string } | 'sold out' | 'busy' | undefined;

export interface Sold {
  readonly units: number;
  /** Whether accepted orders are still to be settled. */
  readonly pending?: boolean;
  /** Every order of the sale, as `query` gives them. Without either, an order that is lost or doubled shows only in the sum. */
  readonly orders?: readonly Order[];
}

export interface Order {
  readonly id: string;
  readonly buyer: string;
  readonly units: number;
}

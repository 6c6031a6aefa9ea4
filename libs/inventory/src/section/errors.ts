import type { Verdict } from '@app/servers';

/** An error of the critical section itself. Nothing was written. */
export abstract class SectionError extends Error {
  abstract readonly verdict: Verdict;
  override get name() {
    return this.constructor.name;
  }
}

/** The stock row carries the fence of another lease: this one was overtaken. */
export class FencedOffError extends SectionError {
  readonly verdict = 'repeat';
  constructor(resource: string) {
    super(`the stock of ${resource} is fenced by another lease; nothing was written`);
  }
}

/** A valid lease has a token that is not above the row's fence: the lock store's counter went backwards. */
export class TokenWentBackError extends SectionError {
  readonly verdict = 'repeat';
  constructor(
    readonly resource: string,
    token: bigint,
    readonly fence: bigint,
  ) {
    super(`the token ${token} for ${resource} is not above the fence ${fence} in its stock row`);
  }
}

/** A row changed between its read and its write: the transaction is rolled back and begins anew. */
export class StaleReadError extends SectionError {
  readonly verdict = 'repeat';
  constructor(resource: string) {
    super(`the stock of ${resource} changed between its read and its write`);
  }
}

/** An order names a SKU that the sale does not have. The API never lets one through. */
export class UnknownSkuError extends SectionError {
  readonly verdict = 'refused';
  constructor(resource: string) {
    super(`there is no stock row for ${resource}`);
  }
}

/** An order or a return can never succeed as it is: it was tried alone and failed. `cause` says why. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  constructor(cause: unknown) {
    super('refused for good', { cause });
  }
}

/** The stock row carries the fence of another lease: this one was overtaken, and nothing was written. */
export class FencedOffError extends Error {
  override readonly name = 'FencedOffError';
  constructor(resource: string) {
    super(`the stock of ${resource} is fenced by another lease; nothing was written`);
  }
}

/** A valid lease came with a token that is not above the row's fence: the lock store's counter went backwards. */
export class TokenWentBackError extends Error {
  override readonly name = 'TokenWentBackError';
  constructor(
    readonly resource: string,
    token: bigint,
    readonly fence: bigint,
  ) {
    super(`the token ${token} for ${resource} is not above the fence ${fence} in its stock row`);
  }
}

/** An order names a SKU that the sale does not have. The API never lets one through. */
export class UnknownSkuError extends Error {
  override readonly name = 'UnknownSkuError';
  constructor(resource: string) {
    super(`there is no stock row for ${resource}`);
  }
}

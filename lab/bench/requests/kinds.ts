/** What an endpoint is asked for, and which answers it may give. */
export interface Kind {
  readonly name: string;
  /** An accepted order is held against the bare way to enqueue one, a refusal against a bare refusal. */
  readonly accepts?: boolean;
  readonly server: 'bare' | 'api' | 'limiting';
  /** The sale that it is about; none: one that nothing has. */
  readonly sale?: 'open' | 'scheduled' | 'ended' | 'sold-out';
  readonly sku?: string;
  /** Who asks, where it is always the same. */
  readonly buyerId?: string;
  readonly status: number;
}

const BARE_REFUSAL: Kind = { name: 'bare refusal', server: 'bare', status: 409 };
const BARE_ENQUEUEING: Kind = { name: 'bare enqueueing', server: 'bare', accepts: true, status: 202 };

export const KINDS: readonly Kind[] = [
  BARE_REFUSAL,
  { name: 'unknown sale', server: 'api', status: 404 },
  { name: 'unknown SKU', server: 'api', sale: 'open', sku: 'none', status: 404 },
  { name: 'not started', server: 'api', sale: 'scheduled', status: 409 },
  { name: 'ended', server: 'api', sale: 'ended', status: 409 },
  { name: 'rate-limited', server: 'limiting', sale: 'open', buyerId: 'one', status: 429 },
  { name: 'sold out', server: 'api', sale: 'sold-out', status: 409 },
  BARE_ENQUEUEING,
  { name: 'accepted', server: 'api', sale: 'open', accepts: true, status: 202 },
];

/** What it is held against. */
export const bareOf = ({ accepts }: Kind) => (accepts ? BARE_ENQUEUEING : BARE_REFUSAL);

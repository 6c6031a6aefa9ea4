import type { Lease } from '@app/lock';

/** A lease with this token that nobody takes away: what a section is given when only its fence is on trial. */
export const leaseWith = (token: bigint, holder = `holder-${token}`): Lease => ({
  resource: 'test',
  token,
  holder,
  signal: new AbortController().signal,
  expiresAt: Infinity,
  throwIfLost: () => undefined,
});

import { ReplyError } from 'ioredis';

/** By the beginning of what Redis replies: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^(WRONGPASS|NOAUTH|ERR AUTH) ?/, 'correct the user and the password in its URL'],
  [
    /^NOPERM /,
    'give its user the keys and the channels that begin with lock:, and the commands of scripts and sorted sets',
  ],
  [/^(MOVED|ASK|CROSSSLOT) /, 'use a Redis that is not in cluster mode'],
];

/** See {@link LockDriver.remedyFor}. */
export function redisRemedy(error: unknown): string | undefined {
  if (!(error instanceof ReplyError)) return undefined;
  return REMEDIES.find(([reply]) => reply.test((error as Error).message))?.[1];
}

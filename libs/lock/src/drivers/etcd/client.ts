import { Etcd3, isRecoverableError, type IOptions } from 'etcd3';
import { RETRY_PAUSE_MS } from '../persist.js';

/** One command is given up as unanswered after this, in milliseconds. */
const DEADLINE_MS = 2_000;

type FaultPolicy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;
/**
 * The library's own policy opens a circuit for 5 s after three failures: long enough to lose every lease over a restart of
 * the server, and it repeats commands without telling, so that an outcome could not be known to be uncertain.
 */
const noPolicy = {
  execute: async (run: Parameters<FaultPolicy['execute']>[0]) =>
    run({ signal: new AbortController().signal }),
} as unknown as FaultPolicy;

export function openClient(hosts: readonly string[]): Etcd3 {
  return new Etcd3({
    hosts: [...hosts],
    faultHandling: { host: () => noPolicy, global: noPolicy },
    // A stream names its own deadline; a command without one would hang for as long as the network does.
    defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + DEADLINE_MS }),
    grpcOptions: {
      'grpc.initial_reconnect_backoff_ms': RETRY_PAUSE_MS,
      'grpc.max_reconnect_backoff_ms': 1_000,
      // A connection that died in silence is found out by pings; servers allow one every 5 s.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
    },
  });
}

/** Whether nothing is known about the outcome. */
export const isUnanswered = (error: unknown) => isRecoverableError(error as Error);

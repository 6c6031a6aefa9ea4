import {
  Etcd3,
  EtcdAuthenticationFailedError,
  EtcdInvalidAuthTokenError,
  EtcdPermissionDeniedError,
  isRecoverableError,
  type IOptions,
} from 'etcd3';
import { RETRY_PAUSE_MS } from '../../async/persist.js';

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

/** @param urls of the members; where the cluster wants to know who asks, with a user and password in one of them at least */
export function openClient(urls: readonly string[]): Etcd3 {
  const members = urls.map((url) => new URL(url));
  const named = members.find(({ username }) => username);
  return new Etcd3({
    hosts: members.map(({ protocol, host }) => `${protocol}//${host}`),
    auth: named && {
      username: decodeURIComponent(named.username),
      password: decodeURIComponent(named.password),
    },
    faultHandling: { host: () => noPolicy, global: noPolicy },
    // A stream names its own deadline; a command without one would hang for as long as the network does.
    defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + DEADLINE_MS }),
    grpcOptions: {
      'grpc.initial_reconnect_backoff_ms': RETRY_PAUSE_MS,
      'grpc.max_reconnect_backoff_ms': 1_000,
      // The library leaves a connection that did not answer in time; shared with others it would be taken up again.
      'grpc.use_local_subchannel_pool': 1,
      // One that died in silence while nothing was asked is found out by pings; servers allow one every 5 s.
      'grpc.keepalive_time_ms': 6_000,
      'grpc.keepalive_timeout_ms': 3_000,
    },
  });
}

const DENIALS = [EtcdAuthenticationFailedError, EtcdInvalidAuthTokenError];
/** Denials for which the library has no class. */
const NOBODY_ASKS = /user name is empty/;
const ASKS_NOBODY = /authentication is not enabled/;

/** See {@link LockDriver.remedyFor}. */
export function etcdRemedy(error: unknown): string | undefined {
  if (error instanceof EtcdPermissionDeniedError)
    return 'give its user a role that may read and write the keys that begin with lock';
  const { message } = error as Error;
  if (ASKS_NOBODY.test(message))
    return 'leave the user and the password out of its URLs, or enable authentication in etcd';
  if (NOBODY_ASKS.test(message))
    return 'put a user and a password into its URLs: http://user:password@host:2379';
  if (DENIALS.some((kind) => error instanceof kind)) return 'correct the user and the password in its URLs';
  return undefined;
}

/** Whether nothing is known about the outcome. */
export const isUnanswered = (error: unknown) => isRecoverableError(error as Error);

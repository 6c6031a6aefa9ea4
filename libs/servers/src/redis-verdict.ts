import type { Verdict } from './verdict.js';

/** The first word of an error reply is its code: https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors */
const BY_CODE: Readonly<Record<string, Verdict>> = {
  NOSCRIPT: 'repeat', // the server has forgotten a script
  TRYAGAIN: 'repeat', // a slot of a cluster is on its way to another server
  READONLY: 'leave', // this server is a replica now
  MASTERDOWN: 'leave', // the same, and it has lost its master
  UNBLOCKED: 'leave', // became a replica while a command waited
  BUSY: 'not-now', // a script does not end
  LOADING: 'not-now', // reads its data from disk
  OOM: 'not-now', // maxmemory is reached
  MISCONF: 'not-now', // cannot write to disk
  NOREPLICAS: 'not-now', // fewer replicas than min-replicas-to-write
  MOVED: 'leave', // another node serves this slot now
  CLUSTERDOWN: 'not-now',
  ASK: 'not-now', // a slot is on its way to another node
  EXECABORT: 'not-now', // unless the reply that spoiled the transaction says more
  NOAUTH: 'denied',
  WRONGPASS: 'denied',
  NOPERM: 'denied',
  CROSSSLOT: 'denied',
};

/** Before version 7, the error of a script contains that of its command. */
const ERROR_IN_SCRIPT = /^ERR Error running script .*: -([A-Z]+ .*)/;

/** Errors with the general code `ERR` that are not the request's fault. */
const BY_TEXT: readonly (readonly [RegExp, Verdict])[] = [
  [/Script killed by user/, 'repeat'], // only a script that has written nothing can be killed
  [/max number of clients reached/, 'not-now'],
  [/^ERR (The user executing the script can't|ACL failure in script)/, 'denied'], // NOPERM of a command in a script
  [/cluster support disabled/, 'denied'],
  [/^ERR AUTH /, 'denied'], // a password for a server that has none
];

export function redisVerdict({ message }: Pick<Error, 'message'>): Verdict {
  const code = (ERROR_IN_SCRIPT.exec(message)?.[1] ?? message).split(' ', 1)[0]!;
  return BY_CODE[code] ?? BY_TEXT.find(([text]) => text.test(message))?.[1] ?? 'defect';
}

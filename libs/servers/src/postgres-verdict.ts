import type pg from 'pg';
import type { Verdict } from './verdict.js';

/** By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html. A class is its first two characters. */
const BY_CODE: Readonly<Record<string, Verdict>> = {
  '0A000': 'leave', // feature not supported: here, a plan of this connection that a migration has outdated
  '25006': 'leave', // read-only transaction: this server is a standby now; another connection may reach the primary
  '25P03': 'leave', // idle in transaction for too long: the server has ended the session
  '25P04': 'leave', // the same of a transaction
  '26000': 'leave', // no such prepared statement: the session is not the one that prepared it
  '3D000': 'denied', // no such database
  '40003': 'leave', // it is not known whether the statement was completed
  '42501': 'denied', // insufficient privilege
  '55P03': 'repeat', // lock not available
  '57014': 'not-now', // cancelled, by the limit on statements or by an operator
  '57P01': 'leave', // the session is ended: shutdown
  '57P02': 'leave', // the same: crash
  '57P04': 'denied', // database dropped
  '57P05': 'leave', // idle for too long
  XX000: 'defect', // internal error
};
const BY_CLASS: Readonly<Record<string, Verdict>> = {
  '08': 'leave', // connection exception
  '22': 'refused', // data exception
  '23': 'refused', // integrity constraint violation
  '28': 'denied', // invalid authorization
  '40': 'repeat', // transaction rollback: serialization failure, deadlock
  '53': 'not-now', // insufficient resources
  '54': 'refused', // program limit exceeded
  '55': 'not-now', // object not in the required state
  '57': 'not-now', // operator intervention
  '58': 'not-now', // system error: disk
  XX: 'not-now', // data or index corrupted
};

type PostgresError = Pick<pg.DatabaseError, 'code' | 'message'>;

/**
 * A pooler refuses the settings that a session begins with, or transactions. It is told by its text, since the code `08P01` means much
 * else too.
 */
export const isRefusalOfPooler = (error: unknown): boolean =>
  /unsupported startup parameter|not allowed in statement pooling mode/.test(
    (error as PostgresError).message,
  );

/** Whether Postgres answered with this SQLSTATE, for the few callers to whom a verdict says too little. */
export const isSqlState = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

export function postgresVerdict(error: PostgresError): Verdict {
  if (isRefusalOfPooler(error)) return 'denied';
  const { code = '' } = error;
  return BY_CODE[code] ?? BY_CLASS[code.slice(0, 2)] ?? 'defect';
}

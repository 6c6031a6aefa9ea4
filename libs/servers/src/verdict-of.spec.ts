import { ReplyError } from 'ioredis';
import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { isPassing, verdictOf } from './verdict-of.js';

const postgres = (code: string) => Object.assign(new pg.DatabaseError('', 0, 'error'), { code });
const redis = (message: string) => new ReplyError(message);

describe('the verdict on an error of Postgres', () => {
  it.each([
    ['40001', 'repeat'],
    ['40P01', 'repeat'],
    ['25006', 'leave'],
    ['57P01', 'leave'],
    ['08006', 'leave'],
    ['57P03', 'not-now'],
    ['57014', 'not-now'],
    ['53300', 'not-now'],
    ['28P01', 'denied'],
    ['22021', 'refused'],
    ['23505', 'refused'],
    ['54000', 'refused'],
    ['42P01', 'defect'],
  ])('%s is %s', (code, verdict) => expect(verdictOf(postgres(code))).toBe(verdict));

  it('is that of the driver where TypeORM wraps it', () => {
    expect(verdictOf(new QueryFailedError('SELECT', [], postgres('40001')))).toBe('repeat');
  });
});

describe('the verdict on an error of Redis', () => {
  it.each([
    ['NOSCRIPT No matching script.', 'repeat'],
    ['ERR Error running script: Script killed by user with SCRIPT KILL.', 'repeat'],
    ["READONLY You can't write against a read only replica.", 'leave'],
    ['BUSY Redis is busy running a script.', 'not-now'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'not-now'],
    ['WRONGPASS invalid username-password pair', 'denied'],
    [
      "ERR The user executing the script can't run this command or subcommand script: x, on @user_script:1.",
      'denied',
    ],
    ["ERR ACL failure in script: User default has no permissions to run the 'set' command", 'denied'],
    ['MOVED 3999 127.0.0.1:6381', 'leave'],
    ['CLUSTERDOWN The cluster is down', 'not-now'],
    ['ASK 3999 127.0.0.1:6381', 'not-now'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'repeat'],
    ['ERR This instance has cluster support disabled', 'denied'],
    ["CROSSSLOT Keys in request don't hash to the same slot", 'denied'],
    ['WRONGTYPE Operation against a key', 'defect'],
  ])('%s: %s', (message, verdict) => expect(verdictOf(redis(message))).toBe(verdict));

  it('is that of the reply that spoiled a transaction', () => {
    const error = Object.assign(redis('EXECABORT Transaction discarded because of previous errors.'), {
      previousErrors: [redis("READONLY You can't write against a read only replica.")],
    });
    expect(verdictOf(error)).toBe('leave');
  });
});

it('waits for no other certificate', () => {
  expect(verdictOf(Object.assign(new Error(), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }))).toBe('denied');
});

it('takes whatever is no answer for a lost connection, and errors of the language for defects', () => {
  expect(verdictOf(new Error('Query read timeout'))).toBe('leave');
  expect(verdictOf(new TypeError('x is not a function'))).toBe('defect');
  expect(isPassing(new Error('Connection terminated'))).toBe(true);
  expect(isPassing(postgres('22021'))).toBe(false);
});

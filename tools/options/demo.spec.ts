import { describe, expect, it } from 'vitest';
import { commandOf, parseOptions } from './demo.js';

describe('parseOptions', () => {
  it('has defaults for everything but what is fitted to the machine', () => {
    expect(parseOptions([])).toEqual({
      apiReplicas: 2,
      workers: 4,
      batchSize: 64,
      durationSeconds: 12,
      strategies: ['redis-setnx', 'redis', 'conditional-update'],
      postgres: 'plain',
      redis: 'one',
      rate: undefined,
      stock: undefined,
    });
  });

  it('lets other options correct --small', () => {
    expect(parseOptions(['--small', '--strategies', 'redis,row-lock'])).toMatchObject({
      durationSeconds: 5,
      strategies: ['redis', 'row-lock'],
    });
  });

  it('shows the usage when asked for help', () => {
    expect(parseOptions(['--help'])).toBeUndefined();
  });

  it.each([
    [['--workers', '1'], "--workers must be a whole number from 2 to 32, not '1'."],
    [['--rate', 'fast'], "--rate must be a whole number from 4 to 5000, not 'fast'."],
    [['--stock', '1e3'], "--stock must be a whole number from 10 to 1000000, not '1e3'."],
    [['--strategies', 'redis,rediss'], "--strategies: unknown 'rediss'. There are local-mutex,"],
    [['--strategies', 'none'], "--strategies: unknown 'none'."],
    [['--postgres', 'pgpool'], "--postgres: unknown 'pgpool'. There are plain, pgbouncer."],
    [['--redis', 'keydb'], "--redis: unknown 'keydb'. There are one, sentinel, cluster."],
    [['--fast'], "Unknown option '--fast'"],
    [['now'], "Unexpected argument 'now'"],
    [['--rate'], "Option '--rate <value>' argument missing"],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

describe('commandOf', () => {
  it('repeats the demo when it is given back', () => {
    const options = parseOptions([
      '--small',
      '--stock',
      '400',
      '--postgres',
      'pgbouncer',
      '--redis',
      'sentinel',
    ])!;
    const [, args] = commandOf(options, 120).split(' -- ');
    expect(parseOptions(args!.split(' '))).toEqual({ ...options, rate: 120 });
  });
});

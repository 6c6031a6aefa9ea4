import { describe, expect, it } from 'vitest';
import { parseOptions } from './lab.js';

describe('the options of the lab', () => {
  it('has defaults', () => {
    expect(parseOptions(['crashed-holder'])).toMatchObject({
      kind: 'run',
      json: false,
      options: { experiments: [{ name: 'crashed-holder' }], drivers: [], seeds: [1], ttl: 3_000 },
    });
  });

  it('takes lists of locks and of seeds', () => {
    expect(parseOptions(['all', '--driver', 'redis,etcd', '--seeds', '3,4', '--ttl', '60000'])).toMatchObject(
      {
        options: { drivers: ['redis', 'etcd'], seeds: [3, 4], ttl: 60_000 },
      },
    );
  });

  it('takes a range of seeds', () => {
    expect(parseOptions(['all', '--seeds', '1-3,9'])).toMatchObject({ options: { seeds: [1, 2, 3, 9] } });
  });

  it.each([
    [[], /Name an experiment/],
    [['crashed-server'], /no experiment crashed-server.*crashed-holder/],
    [['crashed-holder', '--driver', 'oracle'], /oracle.*redis-setnx/],
    [['all', '--seeds', '1,x'], /--seeds.*'x'/],
    [['all', '--seeds', '3-1'], /--seeds.* 3 .*'1'/],
    [['all', '--ttl', '10'], /--ttl.*1000/],
    [['all', '--speed', '2'], /--speed/],
    [['all', '--docs', '--driver', 'redis'], /--docs/],
    [['crashed-holder', '--lock', './mine.ts'], /crashed-holder cannot take a lock of yours\. libraries can/],
    [['all', '--lock', './mine.ts', '--docs'], /--lock tries one lock/],
    [['libraries', '--cycles', '1'], /--cycles.* 10 /],
  ])('refuses %j with the way out', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

import { describe, expect, it } from 'vitest';
import type { Cell, Expectation, Verdict } from '../cell.js';
import { fieldOf, locksIn } from './matrix.js';

const cell = (
  experiment: string,
  driver: string,
  observed: Expectation,
  verdict: Verdict = 'PASS',
): Cell => ({
  experiment,
  driver,
  fence: false,
  seed: 1,
  expected: observed,
  observed,
  verdict,
  figures: {},
  evidence: { harms: [], account: '' },
});

describe('the matrix', () => {
  it('has the locks that several experiments try, else all', () => {
    const cells = [
      cell('crash', 'redis', 'SAFE'),
      cell('pause', 'redis', 'SAFE'),
      cell('pause', 'planted', 'SAFE'),
    ];
    expect(locksIn(cells)).toEqual(['redis']);
    expect(locksIn(cells.slice(1))).toEqual(['redis', 'planted']);
  });

  it('says what was observed, unless a seed did not go as expected', () => {
    const cells = [cell('crash', 'redis', 'SAFE'), cell('crash', 'setnx', 'UNSAFE')];
    expect(fieldOf(cells, 'crash', 'redis')).toEqual({ word: 'safe', tone: 'safe' });
    expect(fieldOf(cells, 'crash', 'setnx')).toEqual({ word: 'harm', tone: 'harmed' });
    const variants = [cell('crash', 'redis', 'SAFE'), cell('crash', 'redis', 'UNSAFE')];
    expect(fieldOf(variants, 'crash', 'redis')).toEqual({ word: 'depends', tone: 'harmed' });
    expect(fieldOf(cells, 'pause', 'redis').tone).toBe('none');
    const doubtful = [...cells, cell('crash', 'redis', 'SAFE', 'INCONCLUSIVE')];
    expect(fieldOf(doubtful, 'crash', 'redis')).toEqual({ word: 'INCONCLUSIVE', tone: 'wrong' });
  });
});

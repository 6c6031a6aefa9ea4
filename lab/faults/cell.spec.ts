import { describe, expect, it } from 'vitest';
import { verdictOfCell, verdictOfAll } from './cell.js';

const fired = { fired: true, harms: [] };
const harmed = { fired: true, harms: ['oversold by 1'] };

describe('the verdict of a cell', () => {
  it('passes what is as it should be', () => {
    expect(verdictOfCell('SAFE', fired)).toBe('PASS');
    expect(verdictOfCell('UNSAFE', harmed)).toBe('PASS');
  });

  it('fails harm where none should be, even if the fault came to nothing', () => {
    expect(verdictOfCell('SAFE', harmed)).toBe('FAIL');
    expect(verdictOfCell('SAFE', { ...harmed, fired: false })).toBe('FAIL');
  });

  it('takes no harm where there should be some for no success', () => {
    expect(verdictOfCell('UNSAFE', fired)).toBe('INCONCLUSIVE');
  });

  it('proves nothing without its fault', () => {
    expect(verdictOfCell('SAFE', { ...fired, fired: false })).toBe('INCONCLUSIVE');
    expect(verdictOfCell('UNSAFE', { ...harmed, fired: false })).toBe('INCONCLUSIVE');
  });

  it('fails what violates a condition of its own, whatever else was seen', () => {
    expect(verdictOfCell('SAFE', { ...fired, violations: ['too late'] })).toBe('FAIL');
    expect(verdictOfCell('UNSAFE', { ...harmed, violations: ['too late'] })).toBe('FAIL');
  });
});

describe('the verdict of a run', () => {
  const cells = (...verdicts: ('PASS' | 'FAIL' | 'INCONCLUSIVE')[]) =>
    verdicts.map((verdict) => ({ verdict }));

  it('is that of its worst cell', () => {
    expect(verdictOfAll(cells('PASS', 'PASS'))).toBe('PASS');
    expect(verdictOfAll(cells('PASS', 'INCONCLUSIVE'))).toBe('INCONCLUSIVE');
    expect(verdictOfAll(cells('PASS', 'INCONCLUSIVE', 'FAIL'))).toBe('FAIL');
  });

  it('is not a pass where nothing was run', () => {
    expect(verdictOfAll([])).toBe('INCONCLUSIVE');
  });
});

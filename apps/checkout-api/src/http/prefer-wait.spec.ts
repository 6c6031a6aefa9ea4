import { describe, expect, it } from 'vitest';
import { preferredWait } from './prefer-wait.js';

describe('preferredWait', () => {
  it.each([
    ['wait=5', 5],
    ['respond-async, wait=10', 10],
    ['Wait = 7; x', 7],
    ['wait="3"', 3],
    ['wait=999', 30],
    [['respond-async', 'wait=2'], 2],
    [undefined, 0],
    ['', 0],
    ['wait', 0],
    ['wait=soon', 0],
    ['wait=-1', 0],
    ['await=5', 0],
  ])('%o asks for %d seconds', (prefer, seconds) => {
    expect(preferredWait(prefer)).toBe(seconds);
  });
});

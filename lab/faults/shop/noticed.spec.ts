import { expect, it } from 'vitest';
import { noticedOf } from './noticed.js';

const answered = (...moments: number[]) => moments.map((at) => ({ at, ms: at }));

it('finds the longest time without an answer after a fault, and how long answers took on both sides of it', () => {
  const answers = answered(900, 100, 200, 300, 350, 800);
  expect(noticedOf(answers, 250)).toEqual({ from: 350, to: 800, p99BeforeMs: 200, p99AfterMs: 900 });
});

it('counts from the fault on', () => {
  expect(noticedOf(answered(100, 700, 750), 200)).toMatchObject({ from: 200, to: 700 });
  expect(noticedOf(answered(100), 200)).toEqual({ from: 200, to: 200, p99BeforeMs: 100, p99AfterMs: 0 });
});

import type { Response } from 'supertest';
import { expect } from 'vitest';
import { PROBLEMS, type ProblemCode } from '../../src/http/problems/problem-codes.js';

/** For supertest's `expect`: the answer is this problem, completely. */
export const problem = (code: ProblemCode) => (response: Response) => {
  const { status, title } = PROBLEMS[code];
  expect(response.body).toMatchObject({ status, title, code });
  expect(response.status).toBe(status);
  expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
  const { type, detail, instance } = response.body as Record<string, unknown>;
  expect(type).toMatch(/^urn:flash-sale:problem:[a-z-]+$/);
  expect(detail).not.toBe('');
  if (status !== 431) expect(instance).toMatch(/^\//);
  if (status === 503) expect(response.headers['retry-after']).toBe('1');
};

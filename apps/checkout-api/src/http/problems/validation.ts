import { StandardSchemaValidationPipe } from '@nestjs/common';
import { z } from 'zod';
import { ProblemError } from './problem.js';

/** Most errors that a client is told. */
const MAX_ERRORS = 20;

export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export function validationProblem(errors: readonly FieldError[]): ProblemError {
  const [first] = errors;
  const detail = first?.path ? `${first.path}: ${first.message}` : (first?.message ?? 'Not valid.');
  return new ProblemError('VALIDATION_FAILED', detail, { members: { errors: errors.slice(0, MAX_ERRORS) } });
}

/** Checks each route parameter against the schema in its decorator. */
export const validationPipe = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) =>
    validationProblem(
      issues.map(({ path = [], message }) => ({
        path: z.core.toDotPath(path.map((part) => (typeof part === 'object' ? part.key : part))),
        message,
      })),
    ),
});

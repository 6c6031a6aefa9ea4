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

/**
 * The same for one value, at once: Nest takes five promises for each parameter.
 *
 * @throws {ProblemError}
 */
export function valid<T>(schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw validationProblem(
    error.issues.map(({ path, message }) => ({ path: z.core.toDotPath(path), message })),
  );
}

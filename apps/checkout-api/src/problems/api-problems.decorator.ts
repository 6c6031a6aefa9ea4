import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from './problem-codes.js';
import { ProblemError } from './problem.js';

/** Documents the errors a route answers with: per status one response with an example of each code. */
export function ApiProblems(...codes: ProblemCode[]) {
  const statuses = new Set(codes.map((code) => PROBLEMS[code].status));
  return applyDecorators(
    ...[...statuses].map((status) => {
      const here = codes.filter((code) => PROBLEMS[code].status === status);
      const examples = here.map((code) => [code, { value: exampleOf(code) }] as const);
      return ApiResponse({
        status,
        description: here.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('\n\n'),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(examples),
          },
        },
      });
    }),
  );
}

const exampleOf = (code: ProblemCode): unknown =>
  JSON.parse(new ProblemError(code, 'What to do about it.').toJson('/path/of/the/request'));

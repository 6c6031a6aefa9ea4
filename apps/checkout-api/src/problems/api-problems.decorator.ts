import { applyDecorators } from '@nestjs/common';
import { ApiResponse, type ApiResponseNoStatusOptions } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from './problem-codes.js';
import { ProblemError } from './problem.js';

/** Documents the errors a route answers with. */
export function ApiProblems(...codes: ProblemCode[]) {
  const responses = Object.entries(describeProblems(codes));
  return applyDecorators(
    ...responses.map(([status, response]) => ApiResponse({ ...response, status: Number(status) })),
  );
}

/** Per status one response, with an example of each code. */
export function describeProblems(codes: readonly ProblemCode[]) {
  const responses: Record<string, ReturnType<typeof responseOf>> = {};
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    responses[status] = responseOf(codes.filter((other) => PROBLEMS[other].status === status));
  }
  return responses;
}

function responseOf(codes: readonly ProblemCode[]) {
  const examples = Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }]));
  const schema = { $ref: '#/components/schemas/Problem' };
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('\n\n'),
    content: { 'application/problem+json': { schema, examples } },
  } satisfies ApiResponseNoStatusOptions;
}

const exampleOf = (code: ProblemCode): unknown =>
  JSON.parse(new ProblemError(code, 'What to do about it.').toJson('/path/of/the/request'));

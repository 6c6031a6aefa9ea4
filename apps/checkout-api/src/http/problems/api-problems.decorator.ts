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

/** The codes of what {@link describeProblems} made. */
export function problemsIn(responses: object): ProblemCode[] {
  return (Object.values(responses) as Partial<ReturnType<typeof responseOf>>[]).flatMap(
    ({ content }) => Object.keys(content?.['application/problem+json']?.examples ?? {}) as ProblemCode[],
  );
}

/** Headers that come with a status, whatever the code. */
const HEADERS: Readonly<Record<number, string>> = {
  401: 'WWW-Authenticate',
  405: 'Allow',
  429: 'Retry-After',
  503: 'Retry-After',
};

function responseOf(codes: readonly ProblemCode[]) {
  const examples = Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }]));
  const schema = { $ref: '#/components/schemas/Problem' };
  const header = HEADERS[PROBLEMS[codes[0]!].status];
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('\n\n'),
    content: { 'application/problem+json': { schema, examples } },
    headers: header ? { [header]: { schema: { type: 'string' as const }, required: true } } : {},
  } satisfies ApiResponseNoStatusOptions;
}

const exampleOf = (code: ProblemCode): unknown =>
  JSON.parse(new ProblemError(code, 'What to do about it.').toJson('/path/of/the/request'));

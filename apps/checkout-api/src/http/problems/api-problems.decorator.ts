import { ApiResponse, type ApiResponseNoStatusOptions } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from './problem-codes.js';
import { ProblemError } from './problem.js';

const CODES = Symbol('problem-codes');

/** Documents the errors a route answers with. Several of these on one route, or on one class, add up. */
export function ApiProblems(...codes: ProblemCode[]) {
  return <T>(target: object, key?: string | symbol, descriptor?: TypedPropertyDescriptor<T>): void => {
    const documented: object = descriptor?.value ?? target;
    // Swagger itself keeps only the last examples of a status.
    const before = (Reflect.getMetadata(CODES, documented) ?? []) as ProblemCode[];
    const all = [...new Set([...before, ...codes])];
    Reflect.defineMetadata(CODES, all, documented);
    for (const [status, response] of Object.entries(describeProblems(all)))
      ApiResponse({ ...response, status: Number(status) })(target, key!, descriptor!);
  };
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

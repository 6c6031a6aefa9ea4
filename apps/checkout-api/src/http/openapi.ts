import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { describeProblems, problemsIn } from './problems/api-problems.decorator.js';
import { problemSchema } from './problems/problem.js';
import type { ProblemCode } from './problems/problem-codes.js';

const DESCRIPTION =
  'Little stock, a stampede of buyers. Every error is an `application/problem+json` document with a stable `code`.';

const answer = (description: string, type: string, schema: object, example: unknown) => ({
  description,
  content: { [type]: { schema, example } },
});

const live = {
  type: 'object',
  properties: { status: { type: 'string', enum: ['ok'] } },
  required: ['status'],
  additionalProperties: false,
};
const servers = { type: 'object', additionalProperties: { type: 'object' } };
const ready = {
  type: 'object',
  properties: { status: { type: 'string', enum: ['ok'] }, info: servers, error: servers, details: servers },
  required: ['status', 'details'],
};
const UP = { postgres: { status: 'up' }, redis: { status: 'up' } };
const METRICS = 'http_request_duration_seconds_count{method="GET",route="/sales",status="200"} 42\n';

/** The routes of libs/observability, which knows nothing of OpenAPI. */
const OPERATIONS = {
  '/health/live': {
    summary: 'Whether the process answers',
    responses: { '200': answer('It does', 'application/json', live, { status: 'ok' }) },
  },
  '/health/ready': {
    summary: 'Whether it can serve',
    responses: {
      '200': answer('All that this API needs is up', 'application/json', ready, {
        status: 'ok',
        info: UP,
        error: {},
        details: UP,
      }),
      ...describeProblems(['NOT_READY']),
    },
  },
  '/metrics': {
    summary: 'Metrics for Prometheus',
    responses: { '200': answer('In its text format', 'text/plain', { type: 'string' }, METRICS) },
  },
};

/** Problems that any call may have. */
const ANYWHERE: ProblemCode[] = ['REQUEST_TIMEOUT', 'HEADERS_TOO_LARGE', 'INTERNAL'];
/** Problems of a path with parameters. */
const IN_PATHS: ProblemCode[] = ['MALFORMED_REQUEST', 'URL_TOO_LONG'];

/** Of whatever needs a key or token and changes something. */
const OF_KEYS: ProblemCode[] = ['ADMIN_SCOPE_REQUIRED'];

interface Operation {
  readonly responses: object;
  readonly security?: object;
}

/** Serves Swagger UI at /docs and the document at /docs-json. */
export function serveDocs(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Flash sale')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'ADMIN_KEY',
        description: 'An admin key: to read its scope may be `read`, for everything else it is `operate`',
      },
      'admin',
    )
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Where buyers are authenticated' },
      'buyer',
    )
    .build();
  SwaggerModule.setup('docs', app, () => complete(SwaggerModule.createDocument(app, config)));
}

function complete(document: OpenAPIObject): OpenAPIObject {
  const Problem = z.toJSONSchema(problemSchema, { target: 'openapi-3.0' }) as object;
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem } };
  for (const [path, operation] of Object.entries(OPERATIONS)) {
    Object.assign(document.paths[path]!.get!, operation, { tags: ['operations'] });
  }
  for (const [path, item] of Object.entries(document.paths)) {
    const inPath = path.includes('{') ? IN_PATHS : [];
    for (const [method, { responses, security }] of Object.entries(item) as [string, Operation][]) {
      // Admin keys open the routes of buyers, too.
      const ofKeys = security && method !== 'get' ? OF_KEYS : [];
      const codes = [...problemsIn(responses), ...ANYWHERE, ...inPath, ...ofKeys];
      Object.assign(responses, describeProblems(codes));
    }
  }
  return document;
}

import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { describeProblems } from './problems/api-problems.decorator.js';
import { problemSchema } from './problems/problem.js';

const DESCRIPTION =
  'Little stock, a stampede of buyers. Every error is an `application/problem+json` document with a stable `code`.';

const answer = (description: string, type: string, schema: object) => ({
  description,
  content: { [type]: { schema } },
});
const health = (description: string) => answer(description, 'application/json', { type: 'object' });

/** The routes of libs/observability, which knows nothing of OpenAPI. */
const OPERATIONS = {
  '/health/live': { '200': health('The process answers') },
  '/health/ready': { '200': health('All that this API needs is up'), ...describeProblems(['NOT_READY']) },
  '/metrics': { '200': answer('Metrics for Prometheus', 'text/plain', { type: 'string' }) },
};

/** Serves Swagger UI at /docs and the document at /docs-json. */
export function serveDocs(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Flash sale')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The ADMIN_KEY of the API' }, 'admin')
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
  for (const [path, responses] of Object.entries(OPERATIONS)) {
    Object.assign(document.paths[path]!.get!, { responses, tags: ['operations'] });
  }
  // Any call may run into what nobody foresaw.
  const unforeseen = describeProblems(['INTERNAL']);
  for (const item of Object.values(document.paths)) {
    for (const operation of [item.get, item.post]) {
      if (operation) operation.responses = { ...operation.responses, ...unforeseen };
    }
  }
  return document;
}

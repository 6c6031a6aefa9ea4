import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { problemSchema } from './problems/problem.js';

const DESCRIPTION =
  'Little stock, a stampede of buyers. Every error is an `application/problem+json` document with a stable `code`.';

/** Serves Swagger UI at /docs and the document at /docs-json. */
export function serveDocs(app: INestApplication): void {
  const config = new DocumentBuilder()
    .setTitle('Flash sale')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The ADMIN_KEY of the API' }, 'admin')
    .build();
  SwaggerModule.setup('docs', app, () => {
    const document = SwaggerModule.createDocument(app, config);
    const problem = z.toJSONSchema(problemSchema, { target: 'openapi-3.0' });
    document.components = {
      ...document.components,
      schemas: { ...document.components?.schemas, Problem: problem as object },
    };
    return document;
  });
}

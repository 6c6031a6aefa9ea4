import type { ApiParamOptions } from '@nestjs/swagger';
import { z } from 'zod';

type Schema = Extract<ApiParamOptions, { schema: unknown }>['schema'];

/** A schema as OpenAPI has it, for what a handler checks by itself. */
export function documented(schema: z.ZodType): Schema {
  const { definitions, ...json } = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
  const name = schema.meta()?.id; // a schema with a name is defined apart, and referred to
  return name === undefined ? (json as Schema) : (definitions as Record<string, Schema>)[name]!;
}

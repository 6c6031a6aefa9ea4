import fc from 'fast-check';
import type { Contract, Schema } from './document.js';

/** By the name of a property or parameter: values that lead somewhere. */
export type Known = Readonly<Record<string, readonly string[]>>;

/** Values that a schema allows. Strings that have a name come from the known ones now and then. */
export function valuesOf(contract: Contract, known: Known, given: Schema, name = ''): fc.Arbitrary<unknown> {
  const schema = contract.resolve(given);
  const each = (inner: Schema, innerName?: string) => valuesOf(contract, known, inner, innerName);
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return fc.oneof(...alternatives.map((one) => each(one, name)));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'string': {
      const familiar = known[name];
      return familiar
        ? fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...familiar) }, strings(schema))
        : strings(schema);
    }
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? -1_000, max: Math.min(schema.maximum ?? 1_000, 2 ** 31) });
    case 'boolean':
      return fc.boolean();
    case 'array': {
      const { minItems: minLength = 0, maxItems = 4 } = schema;
      return fc.array(each(schema.items!), { minLength, maxLength: Math.min(maxItems, minLength + 3) });
    }
    case 'object': {
      const properties = Object.entries(schema.properties ?? {});
      const model = Object.fromEntries(properties.map(([key, inner]) => [key, each(inner, key)]));
      return fc.record(model, { requiredKeys: [...(schema.required ?? [])] });
    }
    default:
      throw new Error(`no values are known for the schema ${JSON.stringify(schema)}`);
  }
}

function strings({ format, pattern, minLength = 0, maxLength = 300 }: Schema): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid();
  if (format === 'date-time') {
    const dates = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    return dates.map((date) => date.toISOString());
  }
  const any = fc.string({ minLength, maxLength, unit: 'grapheme' });
  if (pattern === undefined) return any;
  const matches = new RegExp(pattern, 'u');
  // fast-check makes strings for most patterns; not for those with classes of Unicode.
  const made = pattern.includes('\\p') ? any : fc.stringMatching(matches);
  return made.filter((text) => text.length >= minLength && text.length <= maxLength && matches.test(text));
}

import fc from 'fast-check';
import type { Contract, Media, Operation, Parameter } from './document.js';
import { valuesOf, type Known } from './values.js';

/** A part of a request, and whether the document allows it. */
export interface Part<T> {
  readonly value: T;
  readonly valid: boolean;
}

/** What a part may be: as the document says, or anything. */
export interface Choice<T> {
  readonly good: fc.Arbitrary<Part<T>>;
  readonly odd: fc.Arbitrary<Part<T>>;
}

export interface Body {
  readonly type?: string;
  readonly text?: string;
}

export const JSON_TYPE = 'application/json';
const LATIN1 = fc.stringMatching(/^[\x20-\x7e\xa0-\xff]{0,80}$/);
const text = (minLength: number) => fc.string({ minLength, maxLength: 150, unit: 'grapheme' });
/** What is no path segment: a client resolves it before it sends anything. */
const DOTS = /^(\.|%2e)*$/i;

const right = <T>(value: T): Part<T> => ({ value, valid: true });
const wrong = <T>(value: T): Part<T> => ({ value, valid: false });

/** Texts as they are sent, percent-encoded where they must be. */
const JUNK: Readonly<Record<Parameter['in'], fc.Arbitrary<string>>> = {
  path: fc.oneof(
    text(1)
      .map(encodeURIComponent)
      .filter((segment) => !DOTS.test(segment)),
    fc.constantFrom('%zz', '%00', 'x'.repeat(150)),
  ),
  query: text(0).map(encodeURIComponent),
  header: LATIN1,
};

export function parameterChoice(
  contract: Contract,
  known: Known,
  { name, in: where, required = false, schema }: Parameter,
): Choice<string | undefined> {
  const encode = where === 'header' ? String : encodeURIComponent;
  const isSendable = (value: string) => where !== 'header' || /^[\x20-\x7e\xa0-\xff]*$/.test(value);
  const given: fc.Arbitrary<Part<string | undefined>> = valuesOf(contract, known, schema, name)
    .map((value) => encode(String(value)))
    .filter(isSendable)
    .map(right);
  const good = required ? given : fc.oneof(given, fc.constant(right(undefined)));
  const judged = (sent: string): Part<string | undefined> => {
    const value = where === 'query' && sent !== '' ? decodeURIComponent(sent) : sent;
    const typed = schema.type === 'integer' ? Number(value) : value;
    return { value: sent, valid: where !== 'path' && contract.errorsOf(schema, typed).length === 0 };
  };
  const junk = JUNK[where].map(judged);
  const odd = required && where !== 'path' ? fc.oneof(junk, fc.constant(wrong(undefined))) : junk;
  return { good, odd };
}

export function bodyChoice(contract: Contract, known: Known, { schema }: Media): Choice<Body> {
  const values = valuesOf(contract, known, schema) as fc.Arbitrary<Record<string, unknown>>;
  const json = (value: unknown): Part<Body> => {
    const sent = JSON.stringify(value);
    return {
      value: { type: JSON_TYPE, text: sent },
      valid: contract.errorsOf(schema, JSON.parse(sent)).length === 0,
    };
  };
  const changed = fc.tuple(values, fc.nat(), fc.option(fc.jsonValue())).map(([value, which, other]) => {
    const keys = Object.keys(value);
    return json({ ...value, [keys[which % keys.length] ?? 'key']: other ?? undefined });
  });
  const extended = fc
    .tuple(values, fc.string(), fc.jsonValue())
    .map(([value, key, other]) => json({ ...value, [key]: other }));
  const cut = fc.tuple(values, fc.nat()).map(([value, at]) => {
    const sent = JSON.stringify(value);
    return wrong<Body>({ type: JSON_TYPE, text: sent.slice(0, at % sent.length) });
  });
  const typed = fc
    .tuple(values, fc.constantFrom('text/plain', 'application/xml', 'multipart/form-data', 'nonsense'))
    .map(([value, type]) => wrong<Body>({ type, text: JSON.stringify(value) }));
  const fixed = fc
    .constantFrom<Body[]>({}, { type: JSON_TYPE, text: `["${'x'.repeat(200_000)}"]` })
    .map(wrong);
  const odd = fc.oneof(
    { weight: 4, arbitrary: changed },
    { weight: 2, arbitrary: extended },
    fc.jsonValue().map(json),
    cut,
    typed,
    fixed,
  );
  return { good: values.map(json), odd };
}

/** `credentials` says what satisfies a security scheme, by its name. */
export function authorizationChoice(
  { security }: Operation,
  credentials: Readonly<Record<string, string>>,
): Choice<string | undefined> {
  const [scheme] = Object.keys(security?.[0] ?? {});
  const none = fc.constant(right(undefined));
  if (scheme === undefined) return { good: none, odd: none };
  const credential = credentials[scheme];
  if (!credential) throw new Error(`the security scheme ${scheme} needs a credential to test with`);
  const others = fc.oneof(
    fc.constantFrom(undefined, '', credential.slice(0, -1), credential.replace(/^\w+ /, '')),
    LATIN1.filter((other) => other.trim() !== credential),
  );
  return { good: fc.constant(right(credential)), odd: others.map(wrong) };
}

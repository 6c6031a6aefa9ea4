import fc from 'fast-check';
import type { Contract, Parameter, Route } from './document.js';
import {
  authorizationChoice,
  bodyChoice,
  JSON_TYPE,
  parameterChoice,
  type Body,
  type Choice,
  type Part,
} from './parts.js';
import type { Known } from './values.js';

export interface FuzzedRequest {
  readonly method: string;
  /** Path and query, as they are sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Whether it carries what the route's security asks for. */
  readonly allowed: boolean;
  /** Whether all else is as the document says. What no document can say may still be refused. */
  readonly valid: boolean;
}

export interface FuzzOptions {
  readonly known: Known;
  readonly credentials: Readonly<Record<string, string>>;
}

const NO_BODY: fc.Arbitrary<Part<Body>> = fc.constant({ value: {}, valid: true });

/** Requests to a route: half of them as the document says, in the others each part may be odd. */
export function requestsTo(
  contract: Contract,
  route: Route,
  options: FuzzOptions,
): fc.Arbitrary<FuzzedRequest> {
  const { parameters = [], requestBody } = route.operation;
  const { known, credentials } = options;
  const json = requestBody?.content[JSON_TYPE];
  return fc.boolean().chain((sound) => {
    const pick = <T>({ good, odd }: Choice<T>) =>
      sound ? good : fc.oneof({ weight: 3, arbitrary: good }, odd);
    const all = (where: Parameter['in']) => {
      const chosen = parameters.filter((each) => each.in === where);
      return fc.record(
        Object.fromEntries(chosen.map((each) => [each.name, pick(parameterChoice(contract, known, each))])),
      );
    };
    const parts = {
      path: all('path'),
      query: all('query'),
      header: all('header'),
      body: json ? pick(bodyChoice(contract, known, json)) : NO_BODY,
      authorization: pick(authorizationChoice(route.operation, credentials)),
    };
    return fc.record(parts).map((made) => assemble(route, made));
  });
}

type Parts = Readonly<Record<string, Part<string | undefined>>>;

interface Made {
  readonly path: Parts;
  readonly query: Parts;
  readonly header: Parts;
  readonly body: Part<Body>;
  readonly authorization: Part<string | undefined>;
}

function assemble({ method, path: template }: Route, { path, query, header, body, authorization }: Made) {
  const values = [path, query, header].flatMap((parts) => Object.values(parts));
  const search = given(query).map(([name, value]) => `${name}=${value}`);
  const url = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => path[name]!.value!);
  const headers = { ...header, 'content-type': { value: body.value.type }, authorization };
  return {
    method: method.toUpperCase(),
    url: search.length > 0 ? `${url}?${search.join('&')}` : url,
    headers: Object.fromEntries(given(headers)),
    body: body.value.text,
    allowed: authorization.valid,
    valid: body.valid && values.every(({ valid }) => valid),
  };
}

const given = (parts: Readonly<Record<string, Pick<Part<string | undefined>, 'value'>>>) =>
  Object.entries(parts).flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value] as const]));

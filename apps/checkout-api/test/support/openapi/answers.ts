import { expect } from 'vitest';
import type { Contract, Route } from './document.js';
import type { FuzzedRequest } from './requests.js';

const PROBLEM = 'application/problem+json';
/** A document in each line. */
const LINES = 'application/x-ndjson';

/** Sends a request and holds its answer against the document. Resolves to the status. */
export async function checkAnswer(
  contract: Contract,
  { operation }: Route,
  base: string,
  request: FuzzedRequest,
): Promise<number> {
  const { method, url, headers, body, allowed, valid } = request;
  const response = await fetch(`${base}${url}`, { method, headers, body, redirect: 'manual' });
  const { status } = response;
  const documented = operation.responses[status];
  const type = response.headers.get('content-type')?.split(';', 1)[0] ?? '';
  const endless = type === 'text/event-stream';
  const text = endless ? '' : await response.text();
  if (endless) await response.body?.cancel();
  const seen = `${status} ${type} ${text.slice(0, 500)}`;

  if (!documented) expect.fail(`not documented: ${seen}`);
  if (status >= 500 && status !== 503) expect.fail(`a server error: ${seen}`);
  if (status < 300 && !allowed) expect.fail(`answered without the right credentials: ${seen}`);
  if (status < 300 && !valid) expect.fail(`accepted what the document forbids: ${seen}`);
  // What a body means beyond its schema may be refused as well.
  if (status === 400 && allowed && valid && !body) expect.fail(`refused what the document allows: ${seen}`);
  for (const [name, { required }] of Object.entries(documented.headers ?? {})) {
    if (required && !response.headers.has(name)) expect.fail(`without the header ${name}: ${seen}`);
  }

  const media = documented.content?.[type];
  if (documented.content && !media) expect.fail(`a type that is not documented: ${seen}`);
  if (!media || !type.endsWith('json')) return status;
  const documents = type === LINES ? text.split('\n').filter(Boolean) : [text];
  for (const json of documents) {
    const value = JSON.parse(json) as { code?: string };
    const errors = contract.errorsOf(media.schema, value);
    if (errors.length > 0) expect.fail(`not as its schema says: ${JSON.stringify(errors)} ${seen}`);
    if (type === PROBLEM && !Object.keys(media.examples ?? {}).includes(value.code ?? ''))
      expect.fail(`a code that is not documented: ${seen}`);
  }
  return status;
}

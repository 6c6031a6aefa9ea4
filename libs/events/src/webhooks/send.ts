import { causeOf } from './cause.js';
import { idOf, viewOf, type OrderEvent } from '../order-event.js';
import { signed } from './signature.js';

export interface Endpoint {
  readonly url: string;
  readonly secrets: readonly string[];
}

/** Bytes of an answer that are read, so that its connection can be used again. */
const MOST_READ = 16_384;

/**
 * Sends an event once. Resolves to why it was not accepted, or to undefined if it was: by a status of 200 to 299, which alone counts.
 * A redirect is not followed: it would lead to where nobody has allowed it to go.
 */
export async function send(
  { url, secrets }: Endpoint,
  event: OrderEvent,
  signal: AbortSignal,
): Promise<string | undefined> {
  const body = JSON.stringify(viewOf(event));
  const headers = { 'content-type': 'application/json', ...signed(secrets, idOf(event), body) };
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    void readSome(answer);
    return answer.ok ? undefined : `answered ${answer.status}`;
  } catch (error) {
    return causeOf(error);
  }
}

async function readSome({ body }: Response): Promise<void> {
  let read = 0;
  try {
    for await (const chunk of body ?? []) if ((read += (chunk as Uint8Array).length) > MOST_READ) return;
  } catch {
    // Accepted or not, that was said before.
  }
}

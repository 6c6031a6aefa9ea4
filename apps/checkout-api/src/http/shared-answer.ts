import type { FastifyReply } from 'fastify';
import { createHash } from 'node:crypto';

/** In milliseconds: how old the answer to a public read may be, here and in caches on its way. */
export const SHARED_MS = 1_000;

/** JSON that is made once for all who ask. */
export interface SharedAnswer {
  readonly json: string;
  /** Names this content (RFC 9110). */
  readonly etag: string;
}

export const shared = (json: string): SharedAnswer => ({
  json,
  etag: `"${createHash('sha1').update(json).digest('base64url')}"`,
});

/** Returns the body for the handler to return: none for a client that has it already. */
export function share(reply: FastifyReply, { json, etag }: SharedAnswer): string | undefined {
  void reply.headers({ 'cache-control': `public, max-age=${SHARED_MS / 1_000}`, etag });
  if (hasSeen(reply.request.headers['if-none-match'], etag)) {
    void reply.code(304);
    return undefined;
  }
  void reply.type('application/json; charset=utf-8');
  return json;
}

const hasSeen = (ifNoneMatch: string | undefined, etag: string) =>
  ifNoneMatch?.trim() === '*' || Boolean(ifNoneMatch?.match(/"[^"]*"/g)?.includes(etag));

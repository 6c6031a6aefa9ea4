import type { FastifyReply } from 'fastify';

/** What a list documents among its headers. */
export const NEXT_PAGE = {
  Link: {
    schema: { type: 'string' as const },
    description: 'Where the next page is (RFC 8288, relation `next`), if there may be one',
  },
};

/** Says where the next page is: the same question, with the cursor at which it begins. */
export function linkToNext(
  reply: FastifyReply,
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): void {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  void reply.header('link', `<${path}?${search.toString()}>; rel="next"`);
}

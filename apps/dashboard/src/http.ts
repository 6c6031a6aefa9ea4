/** What a server refused, in its own words. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** @throws {Refusal} or a TypeError when nobody answers */
export async function call<T>(
  url: string,
  key: string,
  method = 'GET',
  body?: object,
  headers?: Record<string, string>,
): Promise<T> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...headers,
      Authorization: `Bearer ${key}`,
      ...(body && { 'Content-Type': 'application/json' }),
    },
    body: body && JSON.stringify(body),
    cache: 'no-store',
  });
  const text = await answer.text();
  if (answer.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  throw new Refusal(answer.status, reasonIn(text) ?? `It answered ${answer.status}.`);
}

/** Of problem details (the API) or of the control's errors. */
function reasonIn(text: string): string | undefined {
  try {
    const { title, detail, message } = JSON.parse(text) as Record<string, string | undefined>;
    return message ?? [title, detail].filter(Boolean).join('. ');
  } catch {
    return undefined;
  }
}

export const explain = (error: unknown) =>
  error instanceof Refusal ? error.message : 'The server does not answer. Is the stack still running?';

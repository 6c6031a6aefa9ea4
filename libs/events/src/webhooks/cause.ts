/** A few words for whoever looks at a dead letter. */
export function causeOf(error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === 'TimeoutError') return 'did not answer in time';
  const { code } = (cause ?? {}) as { code?: string };
  return code ?? message;
}

/** A few words for whoever looks at a dead letter. */
export function causeOf(error: unknown): string {
  const { name, cause = error } = error as Error;
  if (name === 'TimeoutError') return 'did not answer in time';
  const { code, message } = cause as NodeJS.ErrnoException; // fetch itself says no more than that it failed
  return code ?? message;
}

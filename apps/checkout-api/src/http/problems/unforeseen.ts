/** An unforeseen error, and what it happened to, for the log. */
export class UnforeseenError extends Error {
  override readonly name = 'UnforeseenError';
  constructor(
    override readonly cause: unknown,
    readonly about: Readonly<Record<string, string>>,
  ) {
    super('Something went wrong', { cause });
  }
}

/** Something the user can act on: shown by its message alone, without a stack. */
export class ExpectedError extends Error {
  readonly expected = true;
}

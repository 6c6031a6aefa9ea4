/** The part of an error that is looked at. */
interface Origin {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  /** The error that TypeORM wraps. */
  readonly driverError?: object;
  /** Why Redis did not run a transaction, as ioredis lists it. */
  readonly previousErrors?: readonly object[];
}

/** The error of the server or of its client, without wrappers. */
export function originOf(error: unknown): Origin {
  const { driverError, previousErrors }: Origin = error ?? {};
  // If the connection was lost meanwhile, the first of these is the error itself.
  return driverError ?? previousErrors?.[0] ?? error ?? {};
}

/** As much of an error as is looked at. */
interface Origin {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  /** What TypeORM wraps. */
  readonly driverError?: object;
  /** Why a transaction was not run, as ioredis lists it. */
  readonly previousErrors?: readonly object[];
}

/** The error of the server or of its client, beneath what wraps it. */
export function originOf(error: unknown): Origin {
  const { driverError, previousErrors }: Origin = error ?? {};
  // Where the connection was lost meanwhile, the first of these is the error itself.
  return driverError ?? previousErrors?.[0] ?? error ?? {};
}

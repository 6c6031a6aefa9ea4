import type { Replica } from '../stack/replica.js';

/** What the control of a local stack needs of it. */
export interface ControlledStack {
  readonly adminKey: string;
  readonly databaseUrl: string;
  /** What each of its processes is told. */
  readonly env: Readonly<Record<string, string>>;
  readonly apiUrls: string[];
  readonly workers: Replica[];
}

/** Something that cannot be done now. */
export class ConflictError extends Error {
  readonly statusCode = 409;
}

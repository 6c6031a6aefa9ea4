import type { Replica } from '../stack/replica.js';

/** What the control of a local stack needs of it. */
export interface ControlledStack {
  readonly adminKey: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly apiUrls: string[];
  readonly workers: Replica[];
}

/** Something that cannot be done now. */
export class ConflictError extends Error {
  readonly statusCode = 409;
}

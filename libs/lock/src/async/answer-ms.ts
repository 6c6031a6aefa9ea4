/**
 * How long, in milliseconds, a store may take to answer what it can answer at once, such as whether a lock is free: a restart or an
 * election fits in. One that takes longer counts as unavailable.
 */
export const ANSWER_MS = 3_000;

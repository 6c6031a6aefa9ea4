/**
 * How long, in milliseconds, a store may take to answer what it can answer at once: whether a lock is free, whether a caller is
 * queued, whether a release is done. One that takes longer counts as unavailable.
 */
export const ANSWER_MS = 3_000;

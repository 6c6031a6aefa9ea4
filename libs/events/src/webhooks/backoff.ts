const FIRST_SECONDS = 1;
const LONGEST_SECONDS = 3_600;
/** An endpoint that accepts nothing is asked this often, so that it is soon noticed when it does again. */
const LONGEST_REST_SECONDS = 15;

/** Seconds until an event is tried again. */
export const backoffSeconds = (attempts: number): number => jittered(doubled(attempts), LONGEST_SECONDS);

/** Seconds until an endpoint is asked again, after so many rounds without success. */
export const restSeconds = (rounds: number): number => jittered(doubled(rounds), LONGEST_REST_SECONDS);

const doubled = (times: number) => FIRST_SECONDS * 2 ** (times - 1);
/** Between half of it and all of it: what failed together does not come back together. */
const jittered = (seconds: number, longest: number) => Math.min(seconds, longest) * (0.5 + Math.random() / 2);

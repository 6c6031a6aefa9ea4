/** Virtual users that carry `rate` arrivals a second even while the target takes a second to answer; bounded. */
export const vusFor = (rate: number) => Math.min(500, Math.max(50, rate));

/** Virtual users that carry `rate` arrivals a second even while the target takes 0.5 s to answer; bounded. */
export const vusFor = (rate: number) => Math.min(500, Math.max(20, Math.ceil(rate / 2)));

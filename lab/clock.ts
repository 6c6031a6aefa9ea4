/** Milliseconds of CLOCK_MONOTONIC, which all processes of a machine share and nobody sets. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

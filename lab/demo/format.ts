/** 12345 -> 12,345 */
export const count = (value: number) => value.toLocaleString('en-US');

/** 1 order, 2 orders */
export const counted = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

export const units = (value: number) => counted(value, 'unit');

/** Two or three figures say all that such a measurement knows. */
export const milliseconds = (value: number) =>
  value.toLocaleString('en-US', { maximumSignificantDigits: value < 100 ? 2 : 3 });

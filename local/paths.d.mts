export const root: string;
export const localDirectory: string;

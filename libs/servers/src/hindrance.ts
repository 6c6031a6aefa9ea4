/** What keeps this application from working with a server. */
export interface Hindrance {
  /** Whether time may mend it. Otherwise somebody has to change a configuration. */
  readonly passes: boolean;
  /** Goes on after the name of the server. */
  readonly what: string;
}

export const notYet = (what: string): Hindrance => ({ passes: true, what });
export const unusable = (what: string): Hindrance => ({ passes: false, what });

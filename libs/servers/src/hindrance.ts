/** Why this application cannot work with a server. */
export interface Hindrance {
  /** Whether it may pass with time. Otherwise somebody has to change a configuration. */
  readonly passes: boolean;
  /** The rest of a sentence that begins with the server's name. */
  readonly what: string;
}

export const notYet = (what: string): Hindrance => ({ passes: true, what });
export const unusable = (what: string): Hindrance => ({ passes: false, what });

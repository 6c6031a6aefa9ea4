import type { Command } from '../processes/local-process.js';

/** Where a process runs. */
export interface Host {
  readonly address: string;
  /** What is executed here to execute the command there. */
  run(command: Command): Command;
  /** The URL of something there, by which this process reaches it. */
  reach(url: string): Promise<string>;
}

export const THIS_MACHINE: Host = {
  address: '127.0.0.1',
  run: (command) => command,
  reach: async (url) => url,
};

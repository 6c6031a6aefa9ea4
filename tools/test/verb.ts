import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { root } from '../../local/paths.mjs';
import { currentRun } from '../../local/processes/run.mjs';

export const verbFile = join(root, 'tools/verb.mjs');
/** A whole stack starts, or ends, within this, on a busy machine too. */
export const bounded = { timeout: 90_000, interval: 50 };

/** A verb, as it is seen from outside. */
export class Verb {
  output = '';
  readonly child: ChildProcess;
  readonly exitCode: Promise<number | null>;

  constructor(command: string[], env: NodeJS.ProcessEnv = {}) {
    const [file = '', ...args] = command;
    this.child = spawn(file, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    currentRun().endAtLatest(this.child.pid!);
    this.exitCode = once(this.child, 'exit').then(([code]) => code as number | null);
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }

  async says(text: string): Promise<void> {
    await vi.waitFor(() => expect(this.output).toContain(text), bounded);
  }
}

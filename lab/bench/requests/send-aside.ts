import { ExpectedError } from '../../../local/expected-error.js';
import { inBackground } from '../../../local/processes/in-background.js';
import { runQuietly } from '../../../local/processes/run-command.js';
import { mainOf, NODE_FLAGS } from '../../../local/setup/build.js';
import type { Sending, Sent } from './sender.js';

/** Sends checkouts from a process of its own, see {@link sender}, which gets what the others leave of the processors. */
export async function sendAside(sending: Sending) {
  const args = [...NODE_FLAGS, mainOf('lab'), 'sender', JSON.stringify(sending)];
  const command = inBackground({ file: process.execPath, args });
  const { failed, stdout, output } = await runQuietly(command.file, [...command.args]);
  if (failed) throw new ExpectedError(`The checkouts could not be sent: ${output}`);
  const { answers, seconds } = JSON.parse(stdout) as Sent;
  return { answers: new Map(answers), seconds };
}

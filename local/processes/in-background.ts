/** As a session: where Linux groups the processes of one (sched(7), autogroup), its members are `nice` only to each other. */
const LAST = '{ echo 19 > /proc/self/autogroup; } 2> /dev/null; exec nice -n 19 "$0" "$@"';

/** The same command, which gets what the others leave of the processors. Start it detached, in a session of its own. */
export const inBackground = <C extends { file: string; args: readonly string[] }>(command: C) => ({
  ...command,
  file: 'sh',
  args: ['-c', LAST, command.file, ...command.args],
});

import type { Way } from '../meet-need.js';
import { findProgram, type Program } from '../program.js';

/** A program that is on the machine already. */
export const installed = (program: Program): Way<{ file: string }> => ({
  name: 'installed',
  advice: `install ${program.names[0]} and have it on the PATH`,
  async find() {
    const { value, because } = await findProgram(program);
    return { value, because: `${because}, found on this machine` };
  },
});

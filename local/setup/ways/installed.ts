import type { Way } from '../meet-need.js';
import type { Sought } from '../program.js';

/** What is on the machine already. */
export const installed = <T>(sought: Sought<T>): Way<T> => ({
  name: 'installed',
  advice: `install ${sought.name} and have it on the PATH`,
  async find() {
    const { value, because } = await sought.find();
    return { value, because: `${because}, found on this machine` };
  },
});

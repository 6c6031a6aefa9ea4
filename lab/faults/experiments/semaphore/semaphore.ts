import type { CellPlan, Experiment } from '../../experiment.js';
import { crashAndPause } from './crash-and-pause.js';
import { lookThenTake } from './look-then-take.js';

const needs = ['redis'] as const;

export const semaphore: Experiment = {
  name: 'semaphore',
  title: 'n permits, crashes and a pause: never more than n, and all come back',
  explanation: `Some processes take all permits of a semaphore and are killed (SIGKILL). Others wait: each of the permits must come back, until as
many hold one at once as before, and one more must be turned away. Then one of these holders is frozen (SIGSTOP) beyond its TTL: its permit goes
to somebody else, and when it wakes up its signal tells it so. How many permits were out at once is not what the processes believe: it is
read from the commands that Redis itself executed, with its own times, as MONITOR shows them. The semaphore of this project keeps each
permit under its holder's name and with an expiry; with early takeover the permits of a dead process come back at once. A bare counter, one up and one
down, knows neither whose its permits are nor for how long: those of a killed process are gone for good. One that counts the holders and adds itself in a
second command lets everybody in who looked before anybody was added.`,
  sources: [
    { title: 'Redis: MONITOR', url: 'https://redis.io/docs/latest/commands/monitor/' },
    {
      title: 'Carlson, Redis in Action, 6.3: counting semaphores',
      url: 'https://redis.com/ebook/part-2-core-concepts/chapter-6-application-components-in-redis/6-3-counting-semaphores/',
    },
  ],
  atOnce: 1,
  cells: [
    ...[false, true].map((fence): CellPlan => ({
      driver: 'redis',
      fence,
      expected: 'SAFE',
      needs,
      run: (options) => crashAndPause('redis', fence, options),
    })),
    {
      driver: 'planted:counter',
      fence: false,
      expected: 'UNSAFE',
      needs,
      run: (options) => crashAndPause('planted:counter', false, options),
    },
    { driver: 'planted:check-then-add', fence: false, expected: 'UNSAFE', needs, run: lookThenTake },
  ],
};

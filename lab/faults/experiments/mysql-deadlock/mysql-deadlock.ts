import type { CellPlan, Experiment } from '../../experiment.js';
import { crashes } from './crash.js';
import { inserters } from './inserters.js';
import { LOCKINGS } from './lockings.js';

const needs = ['mysql'] as const;

export const mysqlDeadlock: Experiment = {
  name: 'mysql-deadlock',
  title: 'a primary key as a lock: the deadlock of a crash, and that of three inserters',
  explanation: `A row with the resource as its primary key makes a lock: who can insert it has it. It deadlocks in two ways. First, a holder that is killed
leaves its row behind and nobody is granted the lock until an operator deletes it; with an owner, an expiry and a heartbeat in the row
(mysql-key-lease) the next waiter takes it over, with a larger fencing token. Second, where the insert is part of a transaction: one session has
inserted the key, two others insert the same key and wait. When the first one goes (it rolls back, deletes the row, or its client dies), InnoDB
grants both waiters a shared lock on the place of the key, each needs an exclusive one, and each waits for the other: error 1213, and
all but one are rolled back as victims. This is documented behaviour, not a bug. What repairs it: to try again as the victim (as the drivers of this
project do), to insert in autocommit and poll, so that nobody waits with a shared lock, to lock a row that exists already (SELECT
... FOR UPDATE), or GET_LOCK, which waits in a queue. Autocommit alone makes the deadlock rare, not impossible: the DELETE that
unlocks can meet two inserts, so the drivers try again all the same.`,
  sources: [
    {
      title: 'MySQL: locks set by different SQL statements in InnoDB',
      url: 'https://dev.mysql.com/doc/refman/8.4/en/innodb-locks-set.html',
    },
    {
      title: 'MySQL: how to minimize and handle deadlocks',
      url: 'https://dev.mysql.com/doc/refman/8.4/en/innodb-deadlocks-handling.html',
    },
  ],
  atOnce: 3,
  cells: [
    {
      driver: 'mysql-key',
      fence: false,
      expected: 'UNSAFE',
      needs,
      run: (options) => crashes('mysql-key', false, options),
    },
    {
      driver: 'mysql-key-lease',
      fence: true,
      expected: 'SAFE',
      needs,
      run: (options) => crashes('mysql-key-lease', true, options),
    },
    ...LOCKINGS.map((locking): CellPlan => ({
      driver: locking.name,
      fence: false,
      expected: locking.deadlocks ? 'UNSAFE' : 'SAFE',
      needs,
      run: (options) => inserters(locking, options),
    })),
  ],
};

import type { Experiment } from '../experiment.js';
import { crashedHolder } from './crashed-holder.js';
import { databaseStrategies } from './database-strategies.js';
import { documentEdit } from './document-edit.js';
import { leaderKill } from './leader-kill.js';
import { libraries } from './libraries/libraries.js';
import { mysqlDeadlock } from './mysql-deadlock/mysql-deadlock.js';
import { pausedHolder } from './paused-holder.js';
import { plantedBugs } from './planted-bugs/planted-bugs.js';
import { postgresFailover } from './postgres-failover.js';
import { redisCounter } from './redis-counter.js';
import { redisFailover } from './redis-failover.js';
import { redisFailoverOrders } from './redis-failover-orders.js';
import { redlockQuorum } from './redlock-quorum.js';
import { semaphore } from './semaphore/semaphore.js';
import { workerCrash } from './worker-crash.js';

/** In the order in which they are run and told. */
export const EXPERIMENTS: readonly Experiment[] = [
  crashedHolder,
  pausedHolder,
  redisFailover,
  redlockQuorum,
  leaderKill,
  mysqlDeadlock,
  documentEdit,
  databaseStrategies,
  semaphore,
  redisCounter,
  workerCrash,
  redisFailoverOrders,
  postgresFailover,
  plantedBugs,
  libraries,
];

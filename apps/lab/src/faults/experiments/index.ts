import type { Experiment } from '../experiment.js';
import { crashedHolder } from './crashed-holder.js';
import { pausedHolder } from './paused-holder.js';
import { workerCrash } from './worker-crash.js';

/** In the order in which they are run and told. */
export const EXPERIMENTS: readonly Experiment[] = [crashedHolder, pausedHolder, workerCrash];

import type { LockDriverName } from '../src/index.js';
import { lockConformance } from './conformance.js';
import { PROMISES } from './promises.js';

// `npm run conformance -- etcd,redis` names the drivers to test; without names, all of them.
const chosen = process.env.CONFORMANCE_DRIVERS?.split(',');
const drivers = Object.keys(PROMISES) as LockDriverName[];

for (const driver of drivers) if (chosen?.includes(driver) ?? true) lockConformance(driver);

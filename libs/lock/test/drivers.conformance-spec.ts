import { LOCK_DRIVER_NAMES } from '../src/index.js';
import { lockConformance } from './conformance.js';

// `npm run conformance -- etcd,redis` names the drivers to test; without names, all of them.
const chosen = process.env.CONFORMANCE_DRIVERS?.split(',');

for (const driver of LOCK_DRIVER_NAMES) if (chosen?.includes(driver) ?? true) lockConformance(driver);

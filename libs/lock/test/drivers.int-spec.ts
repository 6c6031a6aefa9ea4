import { lockConformance } from './conformance.js';

// Those whose servers every test run has; `npm run conformance` is for all.
lockConformance('local-mutex');
lockConformance('redis-setnx');
lockConformance('redis');
lockConformance('postgres-advisory');

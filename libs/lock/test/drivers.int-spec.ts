import { lockConformance } from './conformance.js';
import { noStore, redisStore } from './support/stores/redis.js';

lockConformance('local-mutex', noStore);
lockConformance('redis-setnx', redisStore);
lockConformance('redis', redisStore);

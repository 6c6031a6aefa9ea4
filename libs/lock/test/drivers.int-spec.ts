import { Redis } from 'ioredis';
import { afterAll, inject } from 'vitest';
import { createLockDriver, type LockDriverName } from '../src/index.js';
import { lockConformance } from './conformance.js';

const redis = new Redis(inject('redisUrl'));
afterAll(() => redis.quit());
const create = (name: LockDriverName) => () => createLockDriver(name, { redis });

const local = { fifo: true, fenced: false, watchdog: true, expires: false, distributed: false };
lockConformance('local-mutex', local, create('local-mutex'));

const setnx = { fifo: false, fenced: false, watchdog: false, expires: true, distributed: true };
lockConformance('redis-setnx', setnx, create('redis-setnx'));

const own = { fifo: true, fenced: true, watchdog: true, expires: true, distributed: true };
lockConformance('redis', own, create('redis'));

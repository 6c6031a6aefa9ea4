import { afterAll, afterEach, beforeAll, describe, inject, it } from 'vitest';
import * as crash from './conformance/crash.js';
import * as exclusion from './conformance/exclusion.js';
import type { Check } from './conformance/check.js';
import * as leaks from './conformance/leaks.js';
import * as lease from './conformance/lease.js';
import * as lostAnswers from './conformance/lost-answers.js';
import * as network from './conformance/network.js';
import * as restart from './conformance/restart.js';
import * as sessions from './conformance/sessions.js';
import * as waiting from './conformance/waiting.js';
import { LOCK_TRAITS, type LockDriverName, type LockTraits } from '../src/index.js';
import { STORES } from './support/stores/index.js';
import { Subject, THOROUGH } from './support/subject.js';

const GROUPS = { exclusion, waiting, lease, crash, restart, network, sessions, lostAnswers, leaks };

const isCheck = (member: unknown): member is Check =>
  typeof member === 'object' && member !== null && 'run' in member && 'title' in member;

/** The checks that are asked of a driver with these traits, by group. */
function checksOf(traits: LockTraits): Record<string, Check[]> {
  const groups = Object.entries(GROUPS).map(([name, group]) => {
    const checks = Object.values<unknown>(group).filter(isCheck);
    return [name, checks.filter(({ applies }) => applies?.(traits) ?? true)] as const;
  });
  return Object.fromEntries(groups.filter(([, checks]) => checks.length > 0));
}

/** The driver under test with its own server, for the tests of the block that calls this. */
export function setUp(name: LockDriverName, effort = THOROUGH): () => Subject {
  let subject: Subject;
  beforeAll(async () => {
    subject = new Subject(name, LOCK_TRAITS[name], await STORES[name](), inject('redisUrl'), effort);
  });
  afterEach(({ task }) => subject.endCheck(task.result?.state === 'fail'));
  afterAll(() => subject.close());
  return () => subject;
}

/**
 * The suite that every driver passes against its real server, with several processes and a network that breaks. What is
 * asked of a driver is said by its entry in `traits.ts`: each point is asserted as promised, or as what happens instead.
 */
export function lockConformance(name: LockDriverName, effort = THOROUGH) {
  describe(`lock driver ${name}`, { timeout: 180_000 }, () => {
    const subject = setUp(name, effort);
    describe.for(Object.entries(checksOf(LOCK_TRAITS[name])))('%s', ([, asked]) => {
      it.for(asked.map((check) => [check.title, check] as const))('%s', ([, check], { skip }) => {
        skip(check.crashesServer === true && !subject().store.kill, 'the server is not ours to crash');
        return check.run(subject());
      });
    });
  });
}

import { VARIABLES } from '@app/config';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../local/paths.mjs';
import { chart, HAS_HELM, render } from './chart.js';

const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as {
  definitions: Record<'both' | 'api' | 'worker' | 'secret', { enum: string[] }>;
};
const namesOf = (definition: keyof typeof schema.definitions) => schema.definitions[definition].enum;

/** Said by the image, a file that the chart has no place for, or only where a stack runs on one machine. */
const NOT_HERE = new Set(['HOST', 'PORT', 'DATABASE_CA_FILE', 'DASHBOARD_CONTROL_URL']);

describe('the schema of the values', () => {
  it.each(['api', 'worker'] as const)('knows the variables of %s, and no others', (part) => {
    const secret = new Set(namesOf('secret'));
    const open = VARIABLES[part].filter((name) => !secret.has(name) && !NOT_HERE.has(name));
    expect([...namesOf('both'), ...namesOf(part)].sort()).toEqual(open.sort());
  });

  it('knows no secret that no process reads', () => {
    const names = namesOf('secret').map((name) => name.replace(/^MIGRATE_/, ''));
    expect(Object.values(VARIABLES).flat()).toEqual(expect.arrayContaining(names));
  });
});

it('the chart and the application have one version', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const { appVersion } = parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8')) as { appVersion: string };
  expect(appVersion).toBe(version);
});

const TRY_OUT = 'values-try-out.yaml';
const PRODUCTION = 'ci/production-values.yaml';
const EXTERNAL = 'ci/external-secret-values.yaml';

describe.skipIf(!HAS_HELM)('the chart refuses', () => {
  it.each([
    ['a shop that has not chosen how buyers are known', EXTERNAL, 'api.config.BUYER_AUTH=null', 'BUYER_AUTH'],
    [
      'one that has not chosen who takes the money',
      EXTERNAL,
      'config.PAYMENT_PROVIDER=null',
      'PAYMENT_PROVIDER',
    ],
    ['a value that it does not know', PRODUCTION, 'api.replica=4', 'replica'],
    ['a variable that nobody reads', PRODUCTION, 'api.config.RATE_LIMT_PER_BUYER=1', 'RATE_LIMT_PER_BUYER'],
    ['a variable of the API for a worker', PRODUCTION, 'worker.config.TRUSTED_PROXIES=1', 'TRUSTED_PROXIES'],
    ['a secret in the open', PRODUCTION, 'api.config.ADMIN_KEY=of-the-tests-only', 'ADMIN_KEY'],
    ['two places for secrets', PRODUCTION, 'secret.external.store=a,secret.external.key=b', 'in one way'],
    ['no place for secrets', PRODUCTION, 'secret.existing=', 'in one way'],
    [
      'an Ingress about which the API knows nothing',
      PRODUCTION,
      'api.config.TRUSTED_PROXIES=null',
      'TRUSTED_PROXIES',
    ],
    ['scaling by nothing', PRODUCTION, 'autoscaling.prometheus=', 'prometheus'],
    ['no replicas', PRODUCTION, 'worker.replicas=0', 'replicas'],
    ['a password for a URL that is none', TRY_OUT, 'tryOut.password=short', 'password'],
    ['a try-out without an admin', TRY_OUT, 'secret.values.ADMIN_KEY=null', 'ADMIN_KEY'],
    ['Secrets of two makers', TRY_OUT, 'secret.existing=mine', 'in one way'],
  ])('%s', (_, file, value, named) => {
    expect(render(file, [value])).toEqual({ refused: expect.stringContaining(named) as string });
  });
});

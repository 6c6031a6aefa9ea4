import {
  loadApiConfig,
  loadMigrationConfig,
  loadRetirementConfig,
  loadWorkerConfig,
  VARIABLES,
} from '@app/config';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../local/paths.mjs';
import { chart, HAS_HELM, manifestsOf, pack, VALUES, workloadsIn, type Manifest } from './chart.js';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const files = Object.keys(VALUES);

/** What the Secret of a shop holds; its servers are elsewhere. */
const SECRET: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://shop:secret@postgres.example.com/shop',
  MIGRATE_DATABASE_URL: 'postgres://owner:secret@postgres.example.com/shop',
  REDIS_URL: 'rediss://:secret@redis.example.com',
  ADMIN_KEY: 'of-the-tests-only',
};

const BUYERS = { BUYER_JWT_SECRET: 'a-secret-of-the-issuer-and-the-shop' };
const REDIS = { REDIS_PASSWORD: 'of-the-tests-only' };
/** What it holds besides, with these values. */
const FURTHER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'ci/external-secret-values.yaml': BUYERS,
  'ci/sentinel-values.yaml': { ...BUYERS, ...REDIS },
  'ci/cluster-values.yaml': { ...BUYERS, ...REDIS },
  'ci/pooler-values.yaml': { ...BUYERS, DATABASE_DIRECT_URL: SECRET.DATABASE_URL! },
};

/** What the process in a pod finds in its environment. */
function environmentOf({ spec }: Manifest, secret: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { env = [] } = spec.template.spec.containers[0];
  const entries = env.map(({ name, value, valueFrom }) => [
    name,
    value ?? secret[valueFrom!.secretKeyRef!.key],
  ]);
  return Object.fromEntries(entries) as NodeJS.ProcessEnv;
}

const LOAD = {
  api: loadApiConfig,
  worker: loadWorkerConfig,
  migrate: loadMigrationConfig,
  retire: loadRetirementConfig,
};
type Part = keyof typeof LOAD;

describe.skipIf(!HAS_HELM)('the manifests', () => {
  it('are tested with every values file of the chart', () => {
    const inChart = readdirSync(chart, { recursive: true, encoding: 'utf8' });
    expect(inChart.filter((file) => /values.*\.yaml$/.test(file)).sort()).toEqual(
      ['values.yaml', ...files].sort(),
    );
  });

  describe.each(files)('of %s', (file) => {
    const manifests = HAS_HELM ? manifestsOf(file) : [];
    const partOf = (part: string) =>
      workloadsIn(manifests).find(({ metadata }) => metadata.name.endsWith(`-${part}`))!;
    const made = manifests.filter(({ kind }) => kind === 'Secret').map(({ stringData }) => stringData);
    const secret = Object.assign({ ...SECRET, ...FURTHER[file] }, ...made) as Record<string, string>;

    const parts = (Object.keys(LOAD) as Part[]).filter(
      (part) => part !== 'retire' || file.includes('production'),
    );
    it.each(parts)('start %s with variables that it knows and takes', (part) => {
      const environment = environmentOf(partOf(part), secret);
      expect(VARIABLES[part]).toEqual(expect.arrayContaining(Object.keys(environment)));
      expect(() => LOAD[part](environment)).not.toThrow();
    });

    it.each(['api', 'worker'] as const)('give %s more time to end than it takes', (part) => {
      const workload = partOf(part);
      const environment = environmentOf(workload, secret);
      const { SHUTDOWN_TIMEOUT_MS: timeout } = LOAD[part](environment);
      const grace = Number(environment.SHUTDOWN_GRACE_MS ?? 0);
      expect(workload.spec.template.spec.terminationGracePeriodSeconds! * 1000).toBeGreaterThanOrEqual(
        timeout + grace + 5_000,
      );
    });

    it('let no pod do more than it needs', () => {
      for (const { spec } of workloadsIn(manifests)) {
        const { initContainers = [], containers, ...pod } = spec.template.spec;
        expect(pod).toMatchObject({
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        });
        for (const { resources, securityContext } of [...initContainers, ...containers]) {
          expect(resources).toMatchObject({ requests: {}, limits: { memory: expect.any(String) as string } });
          expect(securityContext).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
        }
      }
    });

    it('say for every pod who may connect to it, and nowhere everybody', () => {
      const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
      const selected = policies.map(({ spec }) => spec.podSelector.matchLabels);
      for (const { spec } of workloadsIn(manifests))
        expect(selected).toContainEqual(spec.template.metadata.labels);
      for (const { spec } of policies)
        for (const { from } of spec.ingress ?? []) expect(from).not.toHaveLength(0);
    });

    it('are those of the packed chart too', () => {
      const directory = mkdtempSync(join(tmpdir(), 'chart-'));
      expect(manifestsOf(file, [], pack(directory))).toEqual(manifests);
      rmSync(directory, { recursive: true });
    });
  });

  it.each([
    ['wait', 'values-try-out.yaml', 1],
    ['do not wait', 'ci/production-values.yaml', 0],
  ])('%s for migrations that run beside them (%s)', (_, file, count) => {
    for (const { spec } of manifestsOf(file).filter(({ kind }) => kind === 'Deployment')) {
      const waits = (spec.template.spec.initContainers ?? []).filter(
        ({ env }) => env?.[0]?.name === 'DATABASE_URL',
      );
      expect(waits).toHaveLength(count);
    }
  });

  it('have the alert rules that the compose file has', () => {
    const rule = manifestsOf('ci/production-values.yaml').find(({ kind }) => kind === 'PrometheusRule')!;
    expect(rule.spec).toEqual(parse(read('deploy/prometheus/alerts.yml')));
  });

  it('load the shop with the scripts of load-tests', () => {
    const scripts = manifestsOf('values-try-out.yaml').find(({ kind }) => kind === 'ConfigMap')!.data!;
    const names = readdirSync(join(root, 'load-tests'), { recursive: true, encoding: 'utf8' });
    const expected = names.filter((name) => name.endsWith('.ts'));
    expect(Object.keys(scripts).sort()).toEqual(expected.map((name) => name.replace('/', '_')).sort());
    expect(scripts['lib_api.ts']).toBe(read('load-tests/lib/api.ts'));
  });
});

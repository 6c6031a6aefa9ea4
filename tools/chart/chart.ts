import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { root } from '../../local/paths.mjs';

export const chart = join(root, 'deploy/helm/flash-sale');

/** The chart's values files, each with what whoever installs it has to choose besides. */
export const VALUES: Readonly<Record<string, readonly string[]>> = {
  'values-try-out.yaml': ['secret.values.ADMIN_KEY=of-the-tests-only', 'tryOut.password=OfTheTestsOnly16'],
  'ci/production-values.yaml': [],
  'ci/external-secret-values.yaml': [],
  'ci/sentinel-values.yaml': [],
  'ci/cluster-values.yaml': [],
  'ci/pooler-values.yaml': [],
};

export interface Container {
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly key: string; readonly optional?: boolean } };
  }[];
  readonly resources: { readonly requests: object; readonly limits: { readonly memory?: string } };
  readonly securityContext: object;
}

export interface Pod {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly securityContext: object;
    readonly terminationGracePeriodSeconds?: number;
    readonly automountServiceAccountToken?: boolean;
    readonly enableServiceLinks?: boolean;
    readonly initContainers?: readonly Container[];
    readonly containers: readonly [Container];
  };
}

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly template: Pod;
    readonly jobTemplate?: { readonly spec: { readonly template: Pod } };
    readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly ingress?: readonly { readonly from?: readonly object[] }[];
  };
}

const helm = (args: readonly string[]) => spawnSync('helm', args, { encoding: 'utf8' });

export const HAS_HELM = helm(['version']).status === 0;
if (!HAS_HELM) console.warn('No helm here: the tests of the chart are left out.');

/** What Helm makes of a values file and of further values, or why it refuses. */
export function render(
  file: string,
  values: readonly string[] = [],
  packed = chart,
): Manifest[] | { refused: string } {
  const set = [...VALUES[file]!, ...values].flatMap((value) => ['--set', value]);
  const { status, stdout, stderr } = helm([
    'template',
    'shop',
    packed,
    '--kube-version',
    '1.34.0',
    '-f',
    join(chart, file),
    ...set,
  ]);
  if (status !== 0) return { refused: stderr };
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** The same of values that Helm accepts. */
export function manifestsOf(file: string, values?: readonly string[], packed?: string): Manifest[] {
  const rendered = render(file, values, packed);
  if ('refused' in rendered) throw new Error(rendered.refused);
  return rendered;
}

/** Packs the chart into this folder, and returns the file. */
export function pack(directory: string): string {
  const { status, stdout, stderr } = helm(['package', chart, '--destination', directory]);
  if (status !== 0) throw new Error(stderr);
  return stdout.trim().split(': ').at(-1)!;
}

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'Job', 'CronJob']);
/** A CronJob as the Jobs that it makes. */
export const workloadsIn = (manifests: readonly Manifest[]) =>
  manifests
    .filter(({ kind }) => WORKLOADS.has(kind))
    .map(({ spec, ...manifest }) =>
      Object.assign(manifest, { spec: Object.assign({}, spec, spec.jobTemplate?.spec) }),
    );

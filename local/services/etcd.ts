import { onFreePorts } from '../processes/free-port.js';
import type { Command } from '../processes/local-process.js';
import { provideEtcd, provideEtcdProgram } from '../setup/etcd.js';
import type { Runnable } from '../setup/provider.js';
import { dataDirectory, external, nextName, startServer, startTogether, type Service } from './service.js';

/** A private, empty etcd of one member; or the cluster ETCD_URLS names. */
export async function startEtcd(): Promise<Service> {
  const provider = await provideEtcd();
  if ('url' in provider) return external('ETCD_URLS', provider.url, areHealthy);
  const name = nextName('etcd');
  const directory = await dataDirectory(name);
  return onFreePorts(2, (clientPort, peerPort) =>
    startServer({
      name,
      url: `http://127.0.0.1:${clientPort}`,
      command: etcdCommand(provider, { name, directory, clientPort, peerPort }),
      isReady: areHealthy,
      data: directory,
    }),
  );
}

/** A private, empty cluster of three members, whatever the environment names. */
export async function startEtcdCluster(): Promise<Service[]> {
  const provider = await provideEtcdProgram();
  return onFreePorts(6, async (...ports) => {
    const members = await Promise.all(
      [0, 1, 2].map(async (i): Promise<Member> => {
        const name = nextName('etcd');
        const directory = await dataDirectory(name);
        return { name, directory, clientPort: ports[i]!, peerPort: ports[i + 3]! };
      }),
    );
    return startTogether(
      members.map((member) => ({
        name: member.name,
        url: clientUrl(member),
        command: etcdCommand(provider, member, members),
        isReady: areHealthy,
      })),
    );
  });
}

/** Whether this member leads the cluster. False of one that does not answer. */
export async function isEtcdLeader(url: string): Promise<boolean> {
  const request = { method: 'POST', body: '{}', signal: AbortSignal.timeout(2_000) };
  const response = await fetch(new URL('/v3/maintenance/status', url), request).catch(() => undefined);
  if (!response?.ok) return false;
  const { header, leader } = (await response.json()) as { header: { member_id: string }; leader?: string };
  return header.member_id === leader;
}

interface Member {
  name: string;
  directory: string;
  clientPort: number;
  peerPort: number;
}

const clientUrl = ({ clientPort }: Member) => `http://127.0.0.1:${clientPort}`;
const peerUrl = ({ peerPort }: Member) => `http://127.0.0.1:${peerPort}`;

function etcdCommand(provider: Runnable, member: Member, cluster = [member]): Command {
  const { name, directory, clientPort } = member;
  const client = clientUrl(member);
  const peer = peerUrl(member);
  const args = (data: string, listen: string) => [
    `--name=${name}`,
    `--data-dir=${data}`,
    `--listen-client-urls=${listen}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=${cluster.map((other) => `${other.name}=${peerUrl(other)}`).join(',')}`,
  ];
  if ('file' in provider) return { file: provider.file, args: args(directory, client) };
  const options = ['run', '--rm', '--publish', `127.0.0.1:${clientPort}:2379`, provider.image];
  return { file: 'docker', args: [...options, 'etcd', ...args('/etcd-data', 'http://0.0.0.0:2379')] };
}

async function areHealthy(urls: string): Promise<boolean> {
  const members = await Promise.all(urls.split(',').map(isHealthy));
  return members.every(Boolean);
}

/** Fetch wants none. */
function withoutUser(url: string): URL {
  return Object.assign(new URL(url), { username: '', password: '' });
}

/** It has a leader and can commit. */
async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(new URL('/health', withoutUser(url)), { signal: AbortSignal.timeout(2_000) });
  return ((await response.json()) as { health: string }).health === 'true';
}

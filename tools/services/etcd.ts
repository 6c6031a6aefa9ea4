import { onFreePorts } from '../processes/free-port.js';
import type { Command } from '../processes/local-process.js';
import { provideEtcd } from '../setup/etcd.js';
import type { Runnable } from '../setup/provider.js';
import { dataDirectory, external, nextName, startServer, type Service } from './service.js';

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
    }),
  );
}

interface Member {
  name: string;
  directory: string;
  clientPort: number;
  peerPort: number;
}

function etcdCommand(provider: Runnable, { name, directory, clientPort, peerPort }: Member): Command {
  const client = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const args = (data: string, listen: string) => [
    `--name=${name}`,
    `--data-dir=${data}`,
    `--listen-client-urls=${listen}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=${name}=${peer}`,
  ];
  if ('file' in provider) return { file: provider.file, args: args(directory, client) };
  const options = ['run', '--rm', '--publish', `127.0.0.1:${clientPort}:2379`, provider.image];
  return { file: 'docker', args: [...options, 'etcd', ...args('/etcd-data', 'http://0.0.0.0:2379')] };
}

async function areHealthy(urls: string): Promise<boolean> {
  const members = await Promise.all(urls.split(',').map(isHealthy));
  return members.every(Boolean);
}

/** It has a leader and can commit. */
async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(new URL('/health', url), { signal: AbortSignal.timeout(2_000) });
  return ((await response.json()) as { health: string }).health === 'true';
}

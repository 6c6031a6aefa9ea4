import { onFreePorts } from '../processes/free-port.js';
import type { Command } from '../processes/local-process.js';
import { provideConsul } from '../setup/consul.js';
import type { Runnable } from '../setup/provider.js';
import { dataDirectory, external, nextName, startServer, type Service } from './service.js';

interface ConsulOptions {
  /** The least TTL of a session; 10 s where this is not given, as by default. */
  sessionTtlMinMs?: number;
  /** Denies all but the bearer of this token, a UUID, everything. */
  masterToken?: string;
}

interface Ports {
  http: number;
  server: number;
  serf_lan: number;
}

/** A private, empty Consul server with its data on disk; or the agent CONSUL_URL names. */
export async function startConsul(options: ConsulOptions = {}): Promise<Service> {
  const provider = await provideConsul();
  if ('url' in provider) return external('CONSUL_URL', provider.url, grantsSessions);
  const name = nextName('consul');
  const directory = await dataDirectory(name);
  return onFreePorts(3, (http, server, serf_lan) =>
    startServer({
      name,
      url: `http://${options.masterToken ? `:${options.masterToken}@` : ''}127.0.0.1:${http}`,
      command: consulCommand(provider, name, directory, { http, server, serf_lan }, options),
      isReady: grantsSessions,
      data: directory,
    }),
  );
}

function consulCommand(
  provider: Runnable,
  name: string,
  directory: string,
  ports: Ports,
  { sessionTtlMinMs, masterToken }: ConsulOptions,
): Command {
  const unused = { https: -1, grpc: -1, grpc_tls: -1, dns: -1, serf_wan: -1 };
  const config = {
    server: true,
    bootstrap_expect: 1,
    node_name: name,
    bind_addr: '127.0.0.1',
    disable_update_check: true,
    performance: { raft_multiplier: 1 }, // the default waits five times as long before it elects itself
    ...(masterToken === undefined
      ? {}
      : { acl: { enabled: true, default_policy: 'deny', tokens: { initial_management: masterToken } } }),
    ...(sessionTtlMinMs === undefined ? {} : { session_ttl_min: `${sessionTtlMinMs}ms` }),
  };
  const args = (more: object) => ['agent', '-log-level=warn', '-hcl', JSON.stringify({ ...config, ...more })];
  if ('file' in provider) {
    return { file: provider.file, args: args({ data_dir: directory, ports: { ...ports, ...unused } }) };
  }
  const options = ['run', '--rm', '--publish', `127.0.0.1:${ports.http}:8500`, provider.image];
  const inside = args({ data_dir: '/consul/data', client_addr: '0.0.0.0', ports: unused });
  return { file: 'docker', args: [...options, ...inside] };
}

/** Asks its HTTP API. A token is the password in the URL, as it is for the application. */
export async function consulApi(url: string, path: string, init: RequestInit = {}): Promise<Response> {
  const { origin, password } = new URL(url);
  const headers = { ...(password && { 'x-consul-token': password }) };
  return fetch(`${origin}/v1/${path}`, { headers, signal: AbortSignal.timeout(2_000), ...init });
}

/** It has a leader, and a node is registered and healthy: before that it refuses to create sessions. */
async function grantsSessions(url: string): Promise<boolean> {
  const response = await consulApi(url, 'health/state/passing?consistent');
  if (!response.ok) return false;
  const checks = (await response.json()) as { CheckID: string }[];
  return checks.some(({ CheckID }) => CheckID === 'serfHealth');
}

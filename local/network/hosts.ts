import { execa, execaSync } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { LocalProcess, type Command } from '../processes/local-process.js';
import { nextName } from '../services/service.js';
import type { Host } from './host.js';

const GATE = fileURLToPath(new URL('gate.mjs', import.meta.url));
/** Nobody else is in these networks, so nobody else's addresses are taken. */
const addressOf = (number: number) => `10.77.0.${number}`;

const losing = (share: number) =>
  `--append INPUT -m statistic --mode random --probability ${share} --jump DROP`;

/** Makes a network, and in it what hosts are made of; it is gone with the command that does so. */
const TRIAL = [
  'ip link add switch type bridge',
  'ip link add port type veth peer name cable',
  `iptables ${losing(0.5)}`,
].join(' && ');

/** Why this machine cannot have hosts in networks of their own, if it cannot. */
export function whyNoHosts(): string | undefined {
  if (process.platform !== 'linux') return 'this needs Linux';
  if (process.getuid!() !== 0) return 'this needs root';
  const { failed, message } = execaSync('unshare', ['--net', 'sh', '-c', TRIAL], { reject: false });
  return failed ? `unshare, ip and iptables could not make a network: ${message}` : undefined;
}

/**
 * Hosts on this machine, each in a network namespace with an address of its own, and cables to a switch in one more. The
 * namespaces have no names: each lives as long as a process is in it, so nothing is left whatever ends this one.
 */
export class Hosts<Name extends string> {
  private constructor(
    private readonly namespaces: ReadonlyMap<Name, LocalProcess>,
    /** At the switch, from where all are reached. */
    private readonly gate: ChildProcess,
  ) {}

  static async create<Name extends string>(...names: readonly Name[]): Promise<Hosts<Name>> {
    const gate = spawn('unshare', ['--net', process.execPath, GATE], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    await once(gate, 'message');
    const namespaces = await Promise.all(names.map(async (name) => [name, await namespace(name)] as const));
    const hosts = new Hosts(new Map(namespaces), gate);
    try {
      await hosts.#plugIn();
    } catch (error) {
      await hosts.end();
      throw error;
    }
    return hosts;
  }

  on(name: Name): Host {
    const pid = this.#pidOf(name);
    return {
      address: this.#addressOf(name),
      run: ({ file, args, uid, gid, ...command }) => {
        const owner = uid === undefined ? [] : [`--setuid=${uid}`, `--setgid=${gid}`];
        return { ...command, file: 'nsenter', args: [...networkOf(pid), ...owner, '--', file, ...args] };
      },
      reach: (url) => this.#reach(url),
    };
  }

  /** No packet passes between the two any more; nobody is told. */
  async partition(one: Name, other: Name): Promise<void> {
    await Promise.all([this.#deafen(one, other), this.#deafen(other, one)]);
  }

  /** So large a share of the packets that come to a host is lost. */
  async lose(share: number): Promise<void> {
    await this.#everywhere(losing(share));
  }

  async heal(): Promise<void> {
    await this.#everywhere('--flush INPUT');
  }

  /** Packets that were lost since the network was healed last. */
  async lost(): Promise<number> {
    const lists = await this.#everywhere('--list INPUT --verbose --exact --numeric');
    const counts = lists.join('\n').matchAll(/^ *(\d+) +\d+ DROP /gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async end(): Promise<void> {
    this.gate.kill('SIGKILL');
    await Promise.all([...this.namespaces.values()].map((each) => each.kill('SIGKILL')));
  }

  async #plugIn(): Promise<void> {
    const atSwitch = (command: string) => inside(this.gate.pid!, `ip ${command}`);
    await atSwitch('link add switch type bridge');
    await atSwitch(`address add ${addressOf(1)}/24 dev switch`);
    await atSwitch('link set switch up');
    for (const name of this.namespaces.keys()) {
      const pid = this.#pidOf(name);
      await atSwitch(`link add ${name} type veth peer name cable netns ${pid}`);
      await atSwitch(`link set ${name} master switch up`);
      const atHost = (command: string) => inside(pid, `ip ${command}`);
      await atHost(`address add ${this.#addressOf(name)}/24 dev cable`);
      await atHost('link set cable up');
      await atHost('link set lo up');
    }
  }

  async #reach(url: string): Promise<string> {
    const { hostname: host, port } = new URL(url);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port: here } = server.address() as AddressInfo;
    await new Promise((sent) => this.gate.send({ host, port: Number(port) }, server, sent));
    server.close(); // the gate has it
    return url.replace(`${host}:${port}`, `127.0.0.1:${here}`);
  }

  async #deafen(one: Name, other: Name): Promise<void> {
    await inside(
      this.#pidOf(one),
      `iptables --wait --append INPUT --source ${this.#addressOf(other)} --jump DROP`,
    );
  }

  #everywhere(change: string): Promise<string[]> {
    const names = [...this.namespaces.keys()];
    return Promise.all(names.map((name) => inside(this.#pidOf(name), `iptables --wait ${change}`)));
  }

  #pidOf(name: Name): number {
    return this.namespaces.get(name)!.pid!;
  }

  #addressOf(name: Name): string {
    return addressOf(2 + [...this.namespaces.keys()].indexOf(name));
  }
}

const networkOf = (pid: number) => [`--net=/proc/${pid}/ns/net`];

const inside = async (pid: number, command: string) =>
  (await execa('nsenter', [...networkOf(pid), '--', ...command.split(' ')])).stdout;

/** A network namespace, held by a process that does nothing. */
function namespace(host: string): Promise<LocalProcess> {
  const command: Command = { file: 'unshare', args: ['--net', 'sleep', 'infinity'] };
  const holder: LocalProcess = new LocalProcess({
    name: nextName(`host-${host}`),
    command,
    isReady: async () => readlinkSync(`/proc/${holder.pid}/ns/net`) !== readlinkSync('/proc/self/ns/net'),
    stopLast: true,
  });
  return holder.start();
}

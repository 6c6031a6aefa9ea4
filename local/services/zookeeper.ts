import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onFreePort, onFreePorts } from '../processes/free-port.js';
import type { Command } from '../processes/local-process.js';
import { provideZookeeper, provideZookeeperJars, type Jars } from '../setup/zookeeper.js';
import { dataDirectory, external, nextName, startServer, startTogether, type Service } from './service.js';

/** Sessions end when the server notices, which it does in steps of a tick; the least session time-out is two ticks. */
const tickMs = 500;
const maxSessionMs = 600_000; // by default 20 ticks
const commands = 'ruok,srvr,cons,wchs,mntr';

/** A private, empty ZooKeeper; or the ensemble ZOOKEEPER_HOSTS names. */
export async function startZookeeper(): Promise<Service> {
  const provider = await provideZookeeper();
  if ('url' in provider) return external('ZOOKEEPER_HOSTS', provider.url, areServing);
  const name = nextName('zookeeper');
  const directory = await dataDirectory(name);
  return onFreePort(async (port) => {
    const command =
      'image' in provider
        ? dockerCommand(provider.image, port)
        : await javaCommand(provider, directory, port);
    const data = join(directory, 'data');
    return startServer({ name, url: `127.0.0.1:${port}`, command, isReady: areServing, data });
  });
}

/** A private, empty ensemble of three members, whatever the environment names. */
export async function startZookeeperEnsemble(): Promise<Service[]> {
  const jars = await provideZookeeperJars();
  return onFreePorts(9, async (...ports) => {
    const places = [1, 2, 3].map((id) => `server.${id}=127.0.0.1:${ports[id + 2]}:${ports[id + 5]}`);
    const members = [1, 2, 3].map(async (id) => {
      const name = nextName('zookeeper');
      const directory = await dataDirectory(name);
      await mkdir(join(directory, 'data'));
      await writeFile(join(directory, 'data', 'myid'), String(id));
      const port = ports[id - 1]!;
      const command = await javaCommand(jars, directory, port, [...ensemble, ...places]);
      return { name, url: `127.0.0.1:${port}`, command, isReady: areServing };
    });
    return startTogether(await Promise.all(members));
  });
}

/** Whether this member leads the ensemble. False of one that does not answer. */
export async function isZookeeperLeader(address: string): Promise<boolean> {
  return (await askMode(address).catch(() => '')).includes('Mode: leader');
}

async function javaCommand(
  { java, classpath }: Jars,
  directory: string,
  port: number,
  more: readonly string[] = [],
): Promise<Command> {
  const config = join(directory, 'zoo.cfg');
  await writeFile(config, zooConfig(directory, port) + more.join('\n'));
  await writeFile(join(directory, 'logback.xml'), logback);
  const logging = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'; // for the Debian package, which has no logback
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  return { file: java, args: ['-Xmx512m', logging, '-cp', `${directory}:${classpath}`, main, config] };
}

const zooConfig = (directory: string, port: number) => `
dataDir=${directory}/data
clientPortAddress=127.0.0.1
clientPort=${port}
tickTime=${tickMs}
minSessionTimeout=${2 * tickMs}
maxSessionTimeout=${maxSessionMs}
maxClientCnxns=0
admin.enableServer=false
4lw.commands.whitelist=${commands}
`;

/** In ticks: to join the leader, and to stay with it. */
const ensemble = ['initLimit=20', 'syncLimit=6'];

const logback = `
<configuration>
  <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %p %m%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="console"/></root>
</configuration>
`;

function dockerCommand(image: string, port: number): Command {
  const variables = {
    ZOO_TICK_TIME: tickMs,
    ZOO_MAX_CLIENT_CNXNS: 0,
    ZOO_ADMINSERVER_ENABLED: false,
    ZOO_4LW_COMMANDS_WHITELIST: commands,
    ZOO_CFG_EXTRA: `maxSessionTimeout=${maxSessionMs}`,
  };
  const options = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  return { file: 'docker', args: ['run', '--rm', '--publish', `127.0.0.1:${port}:2181`, ...options, image] };
}

async function areServing(hosts: string): Promise<boolean> {
  const answers = await Promise.all(hosts.split(',').map(askMode));
  return answers.every((answer) => answer.includes('Mode: '));
}

async function askMode(address: string): Promise<string> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.setTimeout(1_000, () => socket.destroy());
  try {
    await once(socket, 'connect');
    socket.write('srvr');
    return await text(socket);
  } finally {
    socket.destroy();
  }
}

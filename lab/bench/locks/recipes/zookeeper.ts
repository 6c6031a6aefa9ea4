import { once } from 'node:events';
import { CreateMode, createClient } from 'node-zookeeper-client';
import type { Locker, Subject } from '../locker.js';

type Callback<T> = (error: unknown, result: T) => void;

/** Ephemeral sequential nodes; each waits for the one just ahead to be deleted. https://zookeeper.apache.org/doc/current/recipes.html */
export async function openZookeeperRecipe({ servers, resource, ttl }: Subject): Promise<Locker> {
  const client = createClient(servers.zookeeper!, { sessionTimeout: ttl });
  client.connect();
  await once(client, 'connected');
  const queue = `/bench/${resource}`;
  await answer((done) => client.mkdirp(queue, done));
  return {
    run: async (work) => {
      const path = await answer<string>((done) =>
        client.create(`${queue}/n-`, CreateMode.EPHEMERAL_SEQUENTIAL, done),
      );
      for (;;) {
        const nodes = (await answer<string[]>((done) => client.getChildren(queue, done))).toSorted();
        const ahead = nodes[nodes.indexOf(path.slice(queue.length + 1)) - 1];
        if (!ahead) break;
        await new Promise<void>((gone, failed) => {
          const answered = (error: unknown, stat: unknown) => {
            if (error) failed(refusal(error));
            else if (!stat) gone();
          };
          client.exists(`${queue}/${ahead}`, () => gone(), answered);
        });
      }
      await work();
      await answer((done) => client.remove(path, (error) => done(error, undefined)));
    },
    close: async () => client.close(),
  };
}

const answer = <T>(ask: (done: Callback<T>) => void) =>
  new Promise<T>((resolve, reject) => {
    ask((error, result) => (error ? reject(refusal(error)) : resolve(result)));
  });

const refusal = (cause: unknown) => new Error('ZooKeeper refused', { cause });

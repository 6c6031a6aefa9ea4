import { randomUUID } from 'node:crypto';
import { Etcd3, Range } from 'etcd3';
import { consulApi, startConsul } from './consul.js';
import { startEtcd } from './etcd.js';
import type { Service } from './service.js';

/** A private server that serves only clients it knows. */
export interface Guarded {
  readonly server: Service;
  /** Without credentials. */
  readonly url: string;
  /** Whoever may lock, and no more. */
  readonly locker: string;
  /** Somebody who is known and may do nothing. */
  readonly stranger: string;
  readonly wrong: string;
}

/** An etcd with authentication. */
export async function startGuardedEtcd(): Promise<Guarded> {
  const server = await startEtcd();
  const etcd = new Etcd3({ hosts: server.url });
  const root = await etcd.role('root').create();
  await (await etcd.user('root').create('root')).addRole(root);
  const lock = await etcd.role('lock').create();
  await lock.grant({ permission: 'Readwrite', range: Range.prefix('lock') });
  await (await etcd.user('locker').create('pass/word')).addRole(lock);
  await etcd.user('stranger').create('stranger');
  await etcd.auth.authEnable();
  etcd.close();
  const as = (user: string, password: string) =>
    server.url.replace('//', `//${user}:${encodeURIComponent(password)}@`);
  return {
    server,
    url: server.url,
    locker: as('locker', 'pass/word'),
    stranger: as('stranger', 'stranger'),
    wrong: as('locker', 'wrong'),
  };
}

/** A Consul that denies everything unless a token allows it. */
export async function startGuardedConsul(): Promise<Guarded> {
  const server = await startConsul({ masterToken: randomUUID() });
  const put = async <T>(path: string, body: object): Promise<T> => {
    const response = await consulApi(server.url, path, {
      method: 'PUT',
      body: JSON.stringify(body),
      headers: { 'x-consul-token': new URL(server.url).password },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const Rules = 'session_prefix "" { policy = "write" } key_prefix "lock" { policy = "write" }';
  await put('acl/policy', { Name: 'lock', Rules });
  const { SecretID: locker } = await put<{ SecretID: string }>('acl/token', { Policies: [{ Name: 'lock' }] });
  const { SecretID: stranger } = await put<{ SecretID: string }>('acl/token', {});
  const { host } = new URL(server.url);
  const as = (token: string) => `http://:${token}@${host}`;
  return {
    server,
    url: `http://${host}`,
    locker: as(locker),
    stranger: as(stranger),
    wrong: as(randomUUID()),
  };
}

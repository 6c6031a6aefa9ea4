import { TcpProxy } from '@app/testing';
import type { BackendUrls } from './backends.js';

const LOOPBACK = /(?<=^|\/\/|@|,)(127\.0\.0\.1|localhost):(\d+)/g;

/** The same servers behind a network of one's own, which can be cut, silenced, slowed down and healed. */
export class Network {
  private constructor(
    readonly backends: BackendUrls,
    private readonly proxies: readonly TcpProxy[],
  ) {}

  static async to(backends: BackendUrls): Promise<Network> {
    const proxies = new Map<string, TcpProxy>();
    for (const url of Object.values(backends).flat()) {
      for (const [address, host, port] of url.matchAll(LOOPBACK)) {
        if (!proxies.has(address)) proxies.set(address, await TcpProxy.to(host!, Number(port)));
      }
    }
    const behind = (url: string) =>
      url.replaceAll(LOOPBACK, (address) => `127.0.0.1:${proxies.get(address)!.port}`);
    const moved = Object.entries(backends).map(([name, urls]) => [
      name,
      typeof urls === 'string' ? behind(urls) : urls.map(behind),
    ]);
    return new Network(Object.fromEntries(moved) as BackendUrls, [...proxies.values()]);
  }

  get requests() {
    return this.proxies.reduce((sum, { requests }) => sum + requests, 0);
  }

  /** See {@link TcpProxy} for what each of these does to a link. */
  cut = () => this.proxies.forEach((proxy) => proxy.cut());
  blackhole = () => this.proxies.forEach((proxy) => proxy.blackhole());
  holdAnswers = () => this.proxies.forEach((proxy) => proxy.holdAnswers());
  delay = (ms: number) => this.proxies.forEach((proxy) => proxy.delay(ms));
  forget = () => Promise.all(this.proxies.map((proxy) => proxy.forget()));
  heal = () => this.proxies.forEach((proxy) => proxy.heal());

  async close() {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }
}

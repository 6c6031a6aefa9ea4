import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

/** An event as it arrived. */
export interface Arrival {
  readonly id: string;
  readonly number: number;
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly orderId: string; readonly saleId: string; readonly buyerId: string };
}

/** How the endpoint behaves: a status, perhaps late, perhaps before the connection breaks; or no answer at all. */
export type Behaviour = number | 'silent' | 'reset' | { readonly status: number; readonly afterMs: number };

/** A real endpoint for webhooks. It checks each signature by the library of Standard Webhooks, and keeps what it was told. */
export class WebhookReceiver {
  /** Every signed event that arrived, whatever was answered. */
  readonly arrivals: Arrival[] = [];
  /** The signed events that were accepted, in that order. */
  readonly accepted: Arrival[] = [];
  /** Requests that were not signed as they should be. */
  readonly forged: unknown[] = [];
  /** Requests that are not answered yet, at most so far. */
  mostAtOnce = 0;
  #open = 0;
  secret = '';
  readonly url: string;

  private constructor(
    private readonly server: Server,
    public behaviour: (arrival: Arrival) => Behaviour,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events?of=shop`;
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  static async listening(behaviour: (arrival: Arrival) => Behaviour = () => 204): Promise<WebhookReceiver> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WebhookReceiver(server, behaviour);
  }

  /** What was accepted, each event once. */
  get distinct(): Arrival[] {
    return [
      ...new Map(this.accepted.toReversed().map((arrival) => [arrival.id, arrival])).values(),
    ].toReversed();
  }

  /** Types by order, in the order in which they were first accepted. */
  get byOrder(): Map<string, string[]> {
    const orders = new Map<string, string[]>();
    for (const { data, type } of this.distinct)
      orders.set(data.orderId, [...(orders.get(data.orderId) ?? []), type]);
    return orders;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#open);
    response.on('close', () => this.#open--);
    const arrival = await this.#read(request);
    if (!arrival) return void response.writeHead(401).end();
    this.arrivals.push(arrival);
    const behaviour = this.behaviour(arrival);
    if (behaviour === 'silent') return;
    if (behaviour === 'reset') return void request.socket.resetAndDestroy();
    const { status, afterMs } = typeof behaviour === 'number' ? { status: behaviour, afterMs: 0 } : behaviour;
    await sleep(afterMs);
    if (status >= 200 && status < 300) this.accepted.push(arrival);
    response.writeHead(status, status < 400 && status >= 300 ? { location: this.url } : {}).end('ok');
  }

  async #read(request: IncomingMessage): Promise<Arrival | undefined> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = request.headers as Record<string, string>;
    try {
      const event = new Webhook(this.secret).verify(Buffer.concat(chunks).toString(), headers) as Arrival;
      if (event.id !== headers['webhook-id']) throw new Error('the id is another one in the body');
      return event;
    } catch (error) {
      this.forged.push(error);
      return undefined;
    }
  }
}

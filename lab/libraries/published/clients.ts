import { Redis } from 'ioredis';

/** A client for each URL, with commas between them. What fails is told by its commands. */
export function clientsOf(urls: string) {
  const clients = urls.split(',').map((url) => new Redis(url).on('error', () => undefined));
  return { clients, close: () => clients.forEach((client) => client.disconnect()) };
}

/** The same of one server. */
export function clientOf(url: string) {
  const { clients, close } = clientsOf(url);
  return { client: clients[0]!, close };
}

import { hash } from 'node:crypto';

const BEGINNING = '01234567-89ab-'.length;

/**
 * A UUID that follows from a name, and that nobody can compute who does not know the namespace.
 *
 * If `neighbour` begins with its time (version 7 of RFC 9562), it begins with the same 48 bits (version 8): all with one neighbour stand
 * together in an index, and the next one finds its page in memory, however many there are. Beside a random one it is random as well
 * (version 5).
 */
export function namedBeside(neighbour: string, name: string, namespace: string): string {
  const named = Buffer.concat([Buffer.from(namespace.replaceAll('-', ''), 'hex'), Buffer.from(name)]);
  const hex = hash('sha1', named);
  const beginning =
    neighbour[BEGINNING] === '7'
      ? neighbour.slice(0, BEGINNING) + 8
      : `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5`;
  const variant = ((parseInt(hex[16]!, 16) & 0b0011) | 0b1000).toString(16);
  return `${beginning}${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

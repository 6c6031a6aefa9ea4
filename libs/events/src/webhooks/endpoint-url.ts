const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Why events may not be sent there; undefined if they may. They tell who bought what, so they go over TLS, which also keeps a name
 * that somebody else controls from leading to a server inside; or they stay on this machine.
 */
export function refusalOf(url: string): string | undefined {
  if (!URL.canParse(url)) return 'Must be a URL';
  const { protocol, hostname, username, password } = new URL(url);
  if (username || password) return 'Must not carry a user or a password: events are signed';
  if (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))) return undefined;
  return 'Must start with https:// (http:// only to localhost)';
}

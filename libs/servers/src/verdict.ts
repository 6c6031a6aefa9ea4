/** What to do about an error of a server. */
export type Verdict =
  /** Nothing was done. The same request may succeed at once. */
  | 'repeat'
  /** The connection is useless, and nobody knows whether the request was done. Ask again on another connection. */
  | 'leave'
  /** The server cannot serve. Nothing was done. Ask again later. */
  | 'not-now'
  /** The server does not want this client (password, permission, mode) until somebody changes a configuration. */
  | 'denied'
  /** The server will never accept this request because of its data. Other requests are not affected. */
  | 'refused'
  /** The request makes no sense, or this process is broken. */
  | 'defect';

/**
 * What to do about an error of a server:
 * - `repeat`: nothing was done, and the same request may succeed at once;
 * - `leave`: the connection is of no more use, and nobody knows what became of the request; ask again on another one;
 * - `not-now`: the server said that it cannot serve; nothing was done; ask again later;
 * - `denied`: the server does not want this client (password, permission, mode) until somebody changes its configuration;
 * - `refused`: the server will never accept this request, since of its data; others are not concerned;
 * - `defect`: the request makes no sense, or this process is broken.
 */
export type Verdict = 'repeat' | 'leave' | 'not-now' | 'denied' | 'refused' | 'defect';

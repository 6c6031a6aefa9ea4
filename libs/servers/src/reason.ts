import { isCertificateError } from './certificate-error.js';
import { causeOf } from './log.js';
import { verdictOf } from './verdict-of.js';

/** Codes of Postgres and Redis for a wrong password. */
const PASSWORDS = new Set(['28P01', '28000', 'WRONGPASS', 'NOAUTH']);
/** Codes of a server that is no longer the primary. */
const READ_ONLY = new Set(['25006', 'READONLY', 'MASTERDOWN', 'UNBLOCKED', 'MOVED']);

const CODE = /^[A-Z0-9_]+$/;

/** Says what is wrong with a server. Anybody may see it: it names neither addresses nor users. */
export function reasonOf(error: unknown): string {
  const cause = causeOf(error);
  const because = CODE.test(cause) ? ` (${cause})` : '';
  switch (verdictOf(error)) {
    case 'denied':
      if (isCertificateError({ code: cause })) return `shows a certificate that is not trusted${because}`;
      return PASSWORDS.has(cause) ? `refuses the password${because}` : `refuses this client${because}`;
    case 'not-now':
      return `cannot serve now${because}`;
    case 'leave':
      return READ_ONLY.has(cause) ? `takes no writes (${cause})` : `does not answer${because}`;
    default:
      return `fails${because}`;
  }
}

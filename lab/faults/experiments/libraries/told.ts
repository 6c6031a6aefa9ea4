import type { Actor } from '../../actor.js';
import type { History } from '../../history.js';

/** What the lock told somebody whose lock was gone, in words. */
export function toldTo({ name }: Actor, history: History): string {
  const find = (kind: Parameters<History['find']>[1]) => history.find(name, kind);
  const [wrote, lost, failed, killed] = [find('wrote'), find('lost'), find('failed'), find('killed')];
  if (killed?.detail) return `by the end of its process: ${killed.detail}`;
  if (find('refused')) return 'by the fence, which refused its write';
  if (lost && wrote)
    return lost.at < wrote.at
      ? 'while its write was under way'
      : `${Math.round(lost.at - wrote.at)} ms after its write`;
  if (lost) return 'before its write';
  if (failed)
    return wrote ? `by its release: ${failed.detail}` : `when it asked before its write: ${failed.detail}`;
  return 'nothing';
}

/** What happened to the first, whom the second may have overtaken. */
export function accountOf(grantedTwice: boolean, harms: readonly string[], told: string): string {
  if (harms.length > 0) return `${harms.join(', ')}; told: ${told}`;
  return grantedTwice ? `granted twice, sold once; told: ${told}` : 'the first kept the lock';
}

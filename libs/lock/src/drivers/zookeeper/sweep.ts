import type { Session } from './session.js';

/**
 * Removes the empty parents that crashed processes have left below `root`: once, when a time-out after the session began
 * the sessions of those that crashed before have ended too. Whoever queues up at that moment creates its parent anew.
 */
export function sweepLater(session: Session, root: string) {
  const timer = setTimeout(() => void sweep(session, root).catch(() => undefined), session.timeout);
  session.lost.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

async function sweep(session: Session, root: string) {
  const { names } = await session.children(root);
  for (const name of names) {
    const queue = await session.children(`${root}/${name}`).catch(() => undefined);
    if (queue?.names.length === 0) await session.removeParent(`${root}/${name}`).catch(() => undefined);
  }
}

/** The admin key, and where a local stack lets itself be controlled. Kept for as long as this tab is open. */
export interface Access {
  readonly key: string;
  /** Absent outside a local stack. */
  readonly control?: string;
}

const STORED_AS = 'flash-sale-access';

/** From the fragment of the address (`#key=...&control=...`), which no server sees, else what this tab was given before. */
export function readAccess(): Access | undefined {
  const given = new URLSearchParams(location.hash.slice(1));
  const key = given.get('key');
  if (key) {
    history.replaceState(null, '', location.pathname); // not for bookmarks, screenshots and projectors
    return keepAccess({ key, control: given.get('control') ?? undefined });
  }
  const stored = sessionStorage.getItem(STORED_AS);
  return stored === null ? undefined : (JSON.parse(stored) as Access);
}

export function keepAccess(access: Access): Access {
  sessionStorage.setItem(STORED_AS, JSON.stringify(access));
  return access;
}

export const forgetAccess = () => sessionStorage.removeItem(STORED_AS);

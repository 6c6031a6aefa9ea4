import { z } from 'zod';

/** `read` may look at everything, `operate` may also change it. */
const ADMIN_SCOPES = ['read', 'operate'] as const;
export type AdminScope = (typeof ADMIN_SCOPES)[number];

export const adminKey = z.string().min(16, 'must have at least 16 characters');

const FORM = new RegExp(`^([a-z0-9][a-z0-9._-]{0,63}):(${ADMIN_SCOPES.join('|')}):([\\x21-\\x7e]{16,})$`);

/** Several keys, `name:scope:key` each, separated by commas. */
export const adminKeys = z
  .string()
  .transform((value) => value.split(',').map((each) => FORM.exec(each.trim())))
  .pipe(
    z.array(
      z.custom<RegExpExecArray>(
        (match) => match !== null,
        `must be name:scope:key, or several with commas; a name has lower-case letters, digits and .-_, the scope is ${ADMIN_SCOPES.join(' or ')}, a key has at least 16 visible characters and no comma`,
      ),
    ),
  )
  .transform((matches) =>
    matches.map(([, name, scope, key]) => ({ name: name!, scope: scope as AdminScope, key: key! })),
  );

interface Given {
  readonly ADMIN_KEY?: string;
  readonly ADMIN_KEYS?: z.output<typeof adminKeys>;
}

/** All admin keys of a configuration. The one of ADMIN_KEY is called `admin` and may do everything. */
export const adminKeysOf = ({ ADMIN_KEY, ADMIN_KEYS = [] }: Given): z.output<typeof adminKeys> =>
  ADMIN_KEY === undefined ? ADMIN_KEYS : [{ name: 'admin', scope: 'operate', key: ADMIN_KEY }, ...ADMIN_KEYS];

/** A name in the trail of actions means one key, and a key is of one name. */
export function areDistinct(given: Given): boolean {
  const keys = adminKeysOf(given);
  return [keys.map(({ name }) => name), keys.map(({ key }) => key)].every(
    (values) => new Set(values).size === values.length,
  );
}

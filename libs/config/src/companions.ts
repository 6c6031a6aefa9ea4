import type { z } from 'zod';

/** Variables that go with a choice. */
export interface Companions {
  readonly needed: readonly string[];
  readonly allowed: readonly string[];
}

interface Check {
  /** Everything that goes with some choice. */
  readonly names: readonly string[];
  readonly config: object;
  readonly context: z.RefinementCtx;
}

/** A half-configured choice does not boot: neither what it needs may be missing, nor what it would ignore be set. */
export function checkCompanions(
  chosen: string,
  { needed, allowed }: Companions,
  { names, config, context }: Check,
): void {
  const complain = (name: string, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message: `${message} ${chosen}` });
  for (const name of names) {
    const isSet = (config as Record<string, unknown>)[name] !== undefined;
    if (needed.includes(name) && !isSet) complain(name, 'is needed with');
    if (isSet && !needed.includes(name) && !allowed.includes(name)) complain(name, 'would be ignored with');
  }
}

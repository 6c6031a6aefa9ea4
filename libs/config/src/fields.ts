import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

export const flag = z.enum(['true', 'false']).transform((value) => value === 'true');

export const url = (...protocols: string[]) =>
  z
    .string()
    .refine(
      (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
      `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    );

/** The path of a file that this process can read. */
export const file = z.string().refine(isReadable, 'must be a file that this process can read');

/** A server, `host:port` or `[address]:port`. */
export const endpoint = (standardPort: number) =>
  z.string().transform((value, context) => {
    const given = value.trim();
    const address = /^(\[[\da-f:.]+\]|[^\s:@/?#[\]]+)(:\d+)?$/i.test(given) ? `redis://${given}` : '';
    if (!URL.canParse(address)) {
      context.addIssue({ code: 'custom', message: 'must be host:port, or several with commas' });
      return z.NEVER;
    }
    const { hostname, port } = new URL(address);
    return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || standardPort) };
  });

/** A file of certificates in PEM form; its text. */
export const certificates = z.string().transform((path, context) => {
  try {
    const text = readFileSync(path, 'utf8');
    void new X509Certificate(text); // throws unless it is one
    return text;
  } catch (error) {
    const message = `must be a file of certificates in PEM form (${(error as Error).message})`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
});

/** One of these words, which whoever runs the process has to choose. `hint` says what they mean. */
export const choice = <const T extends string>(words: readonly T[], hint: string) =>
  z.enum(words, { error: `choose ${words.join(', ')}: ${hint}` });

/** Several, separated by commas. */
export const list = <T extends z.ZodType<unknown, string>>(item: T, least = 1) =>
  z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(item).min(least, `must name at least ${least}, separated by commas`));

/** May be left out, or left empty as compose files do. */
export const optional = <T extends z.ZodType>(field: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), field.optional());

function isReadable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

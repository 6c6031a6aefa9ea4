import { Unavailable, type Way } from '../meet-need.js';

/** The user says where it runs. */
export const urlFromEnvironment = (variable: string): Way<{ url: string }> => ({
  name: variable,
  advice: `set ${variable} to a running server`,
  find: async () => ({ value: { url: valueOf(variable) }, because: `the one that ${variable} names` }),
});

/** The user says which program to take. */
export const fileFromEnvironment = (variable: string): Way<{ file: string }> => ({
  name: variable,
  advice: `set ${variable} to the program`,
  find: async () => ({
    value: { file: valueOf(variable) },
    because: `${process.env[variable]}, which ${variable} names`,
  }),
});

function valueOf(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Unavailable('not set');
  return value;
}

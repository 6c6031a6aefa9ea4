/**
 * Nest's own settings but for the language level: theirs, ES2021, makes a WeakMap of each `#private` field, and garbage
 * collections of a busy process then stop it for ten milliseconds and more. Every Node.js that is supported knows ES2022.
 */
export default (settings) => {
  for (const { use } of settings.module.rules) use[0].options.jsc.target = 'es2022';
  return settings;
};

/** This application cannot work with a server until somebody changes a configuration. The message says which. */
export class ServerUnusableError extends Error {
  override readonly name = 'ServerUnusableError';
}

import type { ApiConfig } from '@app/config';
import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** Choices that are right in a laboratory, and what they mean. */
const IN_A_LABORATORY = [
  [
    'BUYER_AUTH',
    'none',
    'whoever reaches this API is believed about who buys: it can buy, use up a limit and leave a waiting room in the name of ' +
      'anybody. Do so in a laboratory, or behind a gateway that authenticates buyers and names them itself',
  ],
  ['PAYMENT_PROVIDER', 'simulated', 'payments are said to be made, and no money is taken'],
] as const;

/** Logs what nobody should have chosen for a shop unawares. */
export function warnOfChoices(config: ApiConfig, logger = new Logger('Configuration')): void {
  for (const [variable, choice, meaning] of IN_A_LABORATORY)
    if (config[variable] === choice) logger.warn(`${variable}=${choice}: ${meaning}.`);
}

/** Says once that requests come by way of a proxy that is not trusted: to the limits all its clients are one. */
export function warnOfUnknownProxy(
  fastify: FastifyInstance,
  { TRUSTED_PROXIES }: ApiConfig,
  logger = new Logger('Configuration'),
): void {
  let told = TRUSTED_PROXIES > 0;
  fastify.addHook('onRequest', ({ headers }, _reply, done) => {
    if (!told && headers['x-forwarded-for'] !== undefined) {
      told = true;
      logger.warn(
        'TRUSTED_PROXIES=0, and a request has X-Forwarded-For: if a proxy set it, all its clients share the limits of one address.',
      );
    }
    done();
  });
}

import type { ApiConfig } from '@app/config';
import { Logger } from '@nestjs/common';

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

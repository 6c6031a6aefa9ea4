import { z } from 'zod';

export const paymentSchema = z
  .strictObject({
    token: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[\x21-\x7e]+$/, 'Use visible ASCII characters')
      .describe(
        'Says who pays, and identifies the payment: the same token again has no second effect. The simulated provider ' +
          'declines `tok_declined`, takes the money and answers only when asked again for `tok_timeout`, never answers ' +
          '`tok_unreachable`, takes 300 ms for `tok_slow-300`, and takes any other at once',
      )
      .meta({ example: 'tok_visa' }),
  })
  .meta({ id: 'Payment', example: { token: 'tok_visa' } });
export type PaymentBody = z.infer<typeof paymentSchema>;

import { z } from 'zod';

export const auditFigures = z.object({
  initial: z.int(),
  available: z.int(),
  held: z.int().describe('Units in reserved orders'),
  sold: z.int().describe('Units in paid orders, and in refunded ones that did not come back'),
  rejected: z.int().describe('Units in rejected orders'),
  pending: z.int().describe('Orders accepted and not settled yet; read before the snapshot of the rest'),
  oversold: z.int().describe('max(0, held + sold - initial)'),
  undersold: z
    .int()
    .describe('Units rejected as sold out while stock was left in the end; final once pending is 0'),
  refusedWithStock: z
    .int()
    .describe(
      'Checkouts refused as sold out while there were units; what Redis has lost of them is not in it',
    ),
  lostUpdates: z.int().describe('Breaks in the chain of stock movements by version, counted in each stripe'),
  conserved: z.boolean().describe('available + held + sold = initial'),
});

export const auditExample = {
  initial: 500,
  available: 480,
  held: 12,
  sold: 8,
  rejected: 3,
  pending: 0,
  oversold: 0,
  undersold: 0,
  refusedWithStock: 0,
  lostUpdates: 0,
  conserved: true,
};

export const auditSchema = z
  .object({
    saleId: z.guid(),
    archivedAt: z
      .string()
      .meta({ format: 'date-time' })
      .optional()
      .describe('Since then its orders are in an archive; this is the audit of its last moment here'),
    items: z.array(auditFigures.extend({ sku: z.string() })),
    total: auditFigures,
  })
  .meta({
    id: 'Audit',
    example: {
      saleId: '0b0c8b86-7b0c-4b27-9a3e-0b8f8b1a8f10',
      items: [{ sku: 'SNEAKER-42', ...auditExample }],
      total: auditExample,
    },
  });
export type AuditView = z.infer<typeof auditSchema>;

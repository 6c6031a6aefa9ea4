import { Readable } from 'node:stream';
import type { EXPORT_FORMATS, ListedOrder } from './order-list.schema.js';

type Format = (typeof EXPORT_FORMATS)[number];

/** What a CSV file has of an order, in this order. */
const COLUMNS: Readonly<Record<string, (order: ListedOrder) => string | number | undefined>> = {
  orderId: ({ orderId }) => orderId,
  saleId: ({ saleId }) => saleId,
  sku: ({ sku }) => sku,
  buyerId: ({ buyerId }) => buyerId,
  quantity: ({ quantity }) => quantity,
  status: ({ status }) => status,
  reason: ({ reason }) => reason,
  acceptedAt: ({ acceptedAt }) => acceptedAt,
  settledAt: ({ settledAt }) => settledAt,
  paidAt: ({ paidAt }) => paidAt,
  endedAt: ({ endedAt }) => endedAt,
  restockedAt: ({ restockedAt }) => restockedAt,
  total: ({ price }) => price?.total,
  currency: ({ price }) => price?.currency,
};

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8; header=present',
};

const LINES: Readonly<Record<Format, (order: ListedOrder) => string>> = {
  ndjson: (order) => `${JSON.stringify(order)}\n`,
  csv: (order) => csvLine(Object.values(COLUMNS).map((valueOf) => valueOf(order))),
};

/** The lines of a file. It reads a page when its client has taken the one before. Rejects if there is no first page to be had. */
export async function exportOf(pages: AsyncGenerator<ListedOrder[]>, format: Format): Promise<Readable> {
  const head = format === 'csv' ? csvLine(Object.keys(COLUMNS)) : '';
  const first = await pages.next();
  const chunks = async function* () {
    if (head) yield head;
    if (first.done) return;
    yield linesOf(first.value);
    for await (const page of pages) yield linesOf(page);
  };
  const linesOf = (orders: readonly ListedOrder[]) => orders.map(LINES[format]).join('');
  return Readable.from(chunks(), { objectMode: false, highWaterMark: 1 });
}

/** RFC 4180. */
const csvLine = (values: readonly (string | number | undefined)[]) => `${values.map(csvField).join()}\r\n`;

/** What a spreadsheet would run as a formula gets an apostrophe: a buyer chooses its name. */
function csvField(value: string | number = ''): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

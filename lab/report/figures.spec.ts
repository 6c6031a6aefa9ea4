import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withFigures, type Figures } from './figures.js';

/** Of `npm run bench -- worker --only redis,none,conditional-update --rounds 1 --orders 4000`, but for what nothing here shows. */
const summary = JSON.parse(
  readFileSync(new URL('test/bench-summary.json', import.meta.url), 'utf8'),
) as Figures;

const page = (shown: string) =>
  `# Costs\n\n<!-- figures: worker, calm -->\n\n${shown}\n\n<!-- /figures -->\n\nMore words.\n`;

const CALM = `**One hot SKU, calm: 4 processes x 2 orders in hand**

| contender | orders/s | orders/commit | x conditional UPDATE per order | x conditional UPDATE, same batch | x lock-off, same batch |
| --- | ---: | ---: | ---: | ---: | ---: |
| redis, batch 64 | 2,892 | 2.00 | 2.57 | - | 1.19 |
| lock-off, batch 64 | 2,441 | 2.00 | 2.17 | - | 1.00 |
| conditional-update per order | 1,125 | 1.00 | 1.00 | 1.00 | - |

_\`npm run bench -- worker --only redis,none,conditional-update --rounds 1 --orders 4000\`, 2026-11-29, 2 cores, Node.js 20.20.2, Postgres 15.18, Redis 7.0.15_`;

describe('the figures of a page', () => {
  it('are written between their markers, with command, date and machine', () => {
    expect(withFigures(page(''), [summary])).toEqual({
      page: page(CALM),
      written: [{ name: 'worker, calm', command: summary.command }],
      left: [],
    });
  });

  it('are the same when they are written twice', () => {
    expect(withFigures(page(CALM), [summary]).page).toBe(page(CALM));
  });

  it('are those of the newest report that has them', () => {
    const newer = { ...summary, finishedAt: '2026-12-24T12:00:00.000Z' };
    const another = { ...newer, tables: summary.tables.filter(({ name }) => name !== 'worker, calm') };
    expect(withFigures(page(CALM), [another, newer, summary]).page).toContain('2026-12-24');
  });

  it.each<[string, Partial<Figures>]>([
    ['failed', { verdict: 'FAIL' }],
    [
      'left somebody out',
      { tables: summary.tables.map((table) => ({ ...table, rows: table.rows.slice(1) })) },
    ],
  ])('stay where the only run %s', (_, change) => {
    expect(withFigures(page(CALM), [{ ...summary, ...change }])).toEqual({
      page: page(CALM),
      written: [],
      left: ['worker, calm'],
    });
  });

  it('leave other markers alone', () => {
    const other = '<!-- guarantees: of traits.ts -->\n\n| a |\n\n<!-- /guarantees -->\n';
    expect(withFigures(other, [summary])).toEqual({ page: other, written: [], left: [] });
  });
});

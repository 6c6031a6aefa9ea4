import { describe, expect, it } from 'vitest';
import { lostEdits, misplacedEdits, repeatedEdits, type Acknowledged } from './document-checks.js';
import { apply, PLACEHOLDER } from './document.js';

const edit = (order: number, kind: Acknowledged['kind'] = 'append') => ({ kind, mark: `<${order}>`, order });
const edits = [edit(1), edit(2, 'replace'), edit(3), edit(10, 'replace'), edit(11)];
const written = (list: readonly Acknowledged[]) => list.reduce(apply, `${PLACEHOLDER} ${PLACEHOLDER}`);

describe('a document', () => {
  it('has appended lines at its end and fills its gaps from the start', () => {
    expect(written(edits)).toBe('<2> <10>\n<1>\n<3>\n<11>');
  });

  it('is in order when all edits were made one after the other', () => {
    expect(lostEdits(written(edits), edits)).toBe(0);
    expect(misplacedEdits(written(edits), edits)).toBe(0);
    expect(repeatedEdits(written(edits), edits)).toBe(0);
  });

  it.each(edits.map(({ mark }, i) => [mark, i] as const))('that has lost %s is found out', (_, i) => {
    const text = written(edits.toSpliced(i, 1));
    expect(lostEdits(text, edits)).toBe(1);
    expect(misplacedEdits(text, edits)).toBe(0);
  });

  it('is out of order when an edit overtook another of its kind', () => {
    const [first, second, third, fourth, fifth] = edits as [Acknowledged, ...Acknowledged[]];
    expect(misplacedEdits(written([third!, second!, first, fourth!, fifth!]), edits)).toBe(1);
    expect(misplacedEdits(written([first, fourth!, third!, second!, fifth!]), edits)).toBe(1);
    expect(misplacedEdits(written([second!, first, third!, fifth!, fourth!]), edits)).toBe(0);
  });

  it('has no edit twice', () => {
    expect(repeatedEdits(written([...edits, edits[0]!]), edits)).toBe(1);
  });
});

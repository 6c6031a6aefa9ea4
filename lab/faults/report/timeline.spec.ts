import { describe, expect, it } from 'vitest';
import type { EventKind, HistoryEvent } from '../history.js';
import { drawTimeline } from './drawing.js';
import { layOut } from './timeline.js';

const events = (...list: [at: number, actor: string, kind: EventKind, resource?: string][]): HistoryEvent[] =>
  list.map(([at, actor, kind, resource]) => ({ at, actor, kind, resource }));

describe('a timeline', () => {
  it('shows from the crash of a holder to the next grant as dead', () => {
    const { groups, length } = layOut(
      events(
        [100, 'a', 'asked', 'r'],
        [100, 'a', 'granted', 'r'],
        [110, 'b', 'asked', 'r'],
        [150, 'a', 'killed'],
        [400, 'b', 'granted', 'r'],
        [410, 'b', 'released', 'r'],
      ),
    );
    expect(length).toBe(310);
    expect(groups).toMatchObject([
      {
        rows: [
          { actor: 'a', bars: [{ kind: 'waits' }, { kind: 'holds', from: 0, to: 50 }] },
          { actor: 'b', bars: [{ kind: 'waits', from: 10, to: 300 }, { kind: 'holds' }] },
        ],
        bands: [{ kind: 'dead', from: 50, to: 300 }],
      },
    ]);
  });

  it('shows when servers were down that came back, and what was done to the others', () => {
    const { groups, faults } = layOut(
      events(
        [0, 'redis', 'fault'],
        [5, 'clock', 'fault'],
        [9, 'redis', 'repaired'],
        [12, 'redis', 'fault'],
        [15, 'redis', 'repaired'],
      ),
    );
    const down = [
      { kind: 'down', from: 0, to: 9 },
      { kind: 'down', from: 12, to: 15 },
    ];
    expect(groups).toEqual([{ rows: [{ actor: 'redis', bars: down, marks: [] }], bands: [] }]);
    expect(faults).toMatchObject([{ server: 'clock', at: 5 }]);
  });

  it('shows how long two held at once, and who was stopped', () => {
    const { groups } = layOut(
      events(
        [0, 'a', 'granted', 'r'],
        [1, 'a', 'stopped'],
        [5, 'b', 'granted', 'r'],
        [9, 'b', 'released', 'r'],
        [20, 'a', 'continued'],
        [21, 'a', 'failed', 'r'],
      ),
    );
    expect(groups[0]!.bands).toEqual([{ kind: 'double', from: 5, to: 9 }]);
    expect(groups[0]!.rows[0]!.bars).toContainEqual({ kind: 'stopped', from: 1, to: 20 });
  });

  it('takes no more holders than there are permits for wrong', () => {
    const three = events(
      [0, 'a', 'granted', 'r'],
      [1, 'b', 'granted', 'r'],
      [2, 'c', 'granted', 'r'],
      [4, 'b', 'released', 'r'],
    );
    expect(layOut(three, 3).groups[0]!.bands).toEqual([]);
    expect(layOut(three, 2).groups[0]!.bands).toEqual([{ kind: 'double', from: 2, to: 4 }]);
  });

  it('keeps resources apart, and faults of servers from processes', () => {
    const { groups, faults } = layOut(
      events(
        [0, 'a', 'granted', 'r'],
        [1, 'primary', 'fault'],
        [2, 'a', 'granted', 's'],
        [3, 'a', 'released', 's'],
      ),
    );
    expect(groups).toHaveLength(2);
    expect(groups.flatMap(({ bands }) => bands)).toEqual([]);
    expect(faults).toMatchObject([{ server: 'primary', at: 1 }]);
  });

  it('shows what a process repairs in its own row', () => {
    const { groups, faults } = layOut(events([0, 'a', 'granted', 'r'], [1, 'a', 'repaired', 'r']));
    expect(groups).toHaveLength(1);
    expect(groups[0]!.rows[0]!.marks).toMatchObject([{ kind: 'repaired', at: 1 }]);
    expect(faults).toEqual([]);
  });

  it('can be drawn of nothing, and escapes what it is told', () => {
    expect(drawTimeline([], 'nothing').markup).toContain('<svg');
    const drawn = drawTimeline(events([0, '<b>', 'granted', 'r']), 'a "label"').markup;
    expect(drawn).toContain('&lt;b&gt;');
    expect(drawn).not.toContain('<b>');
  });
});

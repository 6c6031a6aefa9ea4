import { readFileSync } from 'node:fs';
import { html, raw, type Html } from '../../report/html.js';
import type { HistoryEvent } from '../history.js';
import { layOut, type Timeline } from './timeline.js';

const WIDTH = 960;
const LEFT = 230;
const RIGHT = 20;
const ROW = 26;
const BAR = 14;
const GAP = 14;
const AXIS = 30;
const FAULTS = 22;
/** A bar shorter than this has no room for its token. */
const ROOM_FOR_TOKEN = 46;
const TICKS = 6;

type Group = Timeline['groups'][number];
type Row = Group['rows'][number];

const HEIGHTS: Record<Row['bars'][number]['kind'], number> = {
  waits: 4,
  holds: BAR,
  down: BAR,
  stopped: ROW - 4,
};

export const timelineCss = readFileSync(new URL('timeline.css', import.meta.url), 'utf8');

const GLYPHS: Record<string, string> = {
  read: 'M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z',
  wrote: 'M0-6A6 6 0 1 1 0 6A6 6 0 1 1 0-6Z',
  refused: 'M-6-4L-4-6L0-2L4-6L6-4L2 0L6 4L4 6L0 2L-4 6L-6 4L-2 0Z',
  killed: 'M-8-5L-5-8L0-3L5-8L8-5L3 0L8 5L5 8L0 3L-5 8L-8 5L-3 0Z',
  lost: 'M0-8L7 5L-7 5Z',
  failed: 'M0-6L6 0L0 6L-6 0Z',
  repaired: 'M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z',
};

const WORDS: Record<string, string> = {
  read: 'reads the stock',
  wrote: 'writes, accepted',
  refused: 'writes, refused',
  killed: 'is killed',
  lost: 'is told that the lease is lost',
  failed: 'gives up',
  repaired: 'repairs',
};

/**
 * A history as a picture: a row per process and resource, a bar while it waits, one with the token while it holds, and marks for reads, writes and
 * faults. The time without a grant, or with too many holders, is shaded.
 *
 * @param options `standalone`: with its own styles, for a file of its own; `permits`: how many may hold at once
 */
export function drawTimeline(
  events: readonly HistoryEvent[],
  label: string,
  { standalone = false, permits = 1 } = {},
): Html {
  const timeline = layOut(events, permits);
  const x = (ms: number) => round(LEFT + (ms / (timeline.length || 1)) * (WIDTH - LEFT - RIGHT));
  const top = timeline.faults.length > 0 ? FAULTS : 4;
  let y = top;
  const groups = timeline.groups.map((group) => {
    const drawn = drawGroup(group, y, x);
    y += group.rows.length * ROW + GAP;
    return drawn;
  });
  return html`<svg
    class="timeline"
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${WIDTH} ${y + AXIS}"
    role="img"
    aria-label="${label}"
  >
    ${
      standalone
        ? html`<style>
            ${raw(timelineCss)}
          </style>`
        : ''
    }
    ${axis(timeline.length, y, x)} ${groups} ${faults(timeline, y, x)}
  </svg>`;
}

type Scale = (ms: number) => number;

function drawGroup({ rows, bands }: Group, y: number, x: Scale): Html {
  const height = rows.length * ROW;
  return html`${bands.map(({ kind, from, to }) => {
    const words = kind === 'dead' ? `dead ${duration(to - from)}` : `too many holders ${duration(to - from)}`;
    return html`<g>
      <title>${words}</title>
      <rect class="tl-${kind}" x="${x(from)}" y="${y}" width="${width(x, from, to)}" height="${height}" />
    </g>`;
  })}
  ${rows.map((row, i) => drawRow(row, y + i * ROW, x))}
  ${bands.map(({ kind, from, to }) =>
    width(x, from, to) < 80
      ? html``
      : html`<text class="tl-bad-news" x="${x(from) + 6}" y="${y + 11}">
          ${kind === 'dead' ? 'dead' : 'too many holders'} ${duration(to - from)}
        </text>`,
  )}`;
}

function drawRow({ actor, bars, marks }: Row, y: number, x: Scale): Html {
  const middle = y + ROW / 2;
  return html`<text x="0" y="${middle + 4}">${actor}</text> ${bars.map(({ kind, from, to, token }) => {
      const height = HEIGHTS[kind];
      const wide = width(x, from, to);
      const shown = kind === 'holds' && token !== undefined && wide > ROOM_FOR_TOKEN;
      return html`<g>
        <title>
          ${actor} ${kind}${token === undefined ? '' : `, token ${token}`}: ${duration(to - from)}
        </title>
        <rect
          class="tl-${kind}"
          x="${x(from)}"
          y="${middle - height / 2}"
          width="${wide}"
          height="${height}"
          rx="2"
        />
        ${shown ? html`<text class="tl-token" x="${x(from) + 10}" y="${middle + 4}">…${token.slice(-4)}</text>` : ''}
      </g>`;
    })}
    ${marks.map(
      ({ kind, at, detail }) =>
        html`<g>
          <title>${actor} ${WORDS[kind] ?? kind}${detail ? ` (${detail})` : ''} at ${duration(at)}</title>
          <path class="tl-mark ${kind}" transform="translate(${x(at)} ${middle})" d="${GLYPHS[kind]!}" />
        </g>`,
    )}`;
}

function faults({ faults: marks }: Timeline, bottom: number, x: Scale): Html {
  return html`${marks.map(
    ({ kind, at, server, detail }) =>
      html`<g>
        <title>${server}: ${detail ?? kind} at ${duration(at)}</title>
        <line class="tl-${kind}" x1="${x(at)}" y1="${FAULTS - 6}" x2="${x(at)}" y2="${bottom}" />
        <text
          class="${kind === 'fault' ? 'tl-bad-news' : 'tl-quiet'}"
          x="${x(at)}"
          y="12"
          text-anchor="${x(at) > WIDTH / 2 ? 'end' : 'start'}"
          >${server} ${detail ?? kind}</text
        >
      </g>`,
  )}`;
}

function axis(length: number, y: number, x: Scale): Html {
  const step = niceStep(length / TICKS);
  const ticks = Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step);
  return html`${ticks.map(
    (ms) =>
      html`<line class="tl-axis" x1="${x(ms)}" y1="0" x2="${x(ms)}" y2="${y}" />
        <text class="tl-quiet" x="${x(ms)}" y="${y + 16}" text-anchor="middle">${duration(ms)}</text>`,
  )}`;
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= least)!;
}

export const duration = (ms: number) =>
  ms >= 1_000 ? `${Number((ms / 1_000).toFixed(1))} s` : `${Math.round(ms)} ms`;

const width = (x: Scale, from: number, to: number) => round(Math.max(x(to) - x(from), 1.5));
const round = (value: number) => Math.round(value * 10) / 10;

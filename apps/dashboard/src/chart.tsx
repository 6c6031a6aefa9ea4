import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { count } from './format.js';
import type { Curve } from './history.js';

interface ChartProps {
  readonly curve: Curve;
  readonly stock: number;
  /** Ends of the axes, the same for both sales. */
  readonly reach: { readonly seconds: number; readonly units: number };
  readonly label: string;
}

const HEIGHT = 190;
const colour = (name: string) => () =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const dark = matchMedia('(prefers-color-scheme: dark)');

/** Units sold over time: what is sold beyond the stock is red. */
export function Chart({ curve: [seconds, sold], stock, reach, label }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const reached = useRef(reach);
  const line = useRef(stock);
  reached.current = reach;
  line.current = stock;

  useEffect(() => {
    const element = place.current!;
    const axis: uPlot.Axis = {
      stroke: colour('--quiet'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      font: '13px system-ui, sans-serif',
    };
    const u = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => [0, reached.current.seconds] },
          y: { range: () => [0, reached.current.units * 1.08] },
        },
        axes: [
          { ...axis, values: (_, splits) => splits.map((split) => `${split} s`) },
          { ...axis, size: 58, values: (_, splits) => splits.map(count) },
        ],
        series: [
          {},
          { stroke: colour('--sold'), width: 3, fill: colour('--sold-soft'), points: { show: false } },
          {
            stroke: colour('--bad'),
            width: 3,
            fill: colour('--bad-soft'),
            fillTo: () => line.current,
            points: { show: false },
          },
          { stroke: colour('--text'), width: 1.5, dash: [6, 5], points: { show: false } },
        ],
      },
      [[], [], [], []],
      element,
    );
    plot.current = u;
    const sizes = new ResizeObserver(() => u.setSize({ width: element.clientWidth, height: HEIGHT }));
    const redraw = () => u.redraw();
    sizes.observe(element);
    dark.addEventListener('change', redraw);
    return () => {
      sizes.disconnect();
      dark.removeEventListener('change', redraw);
      u.destroy();
    };
  }, []);

  useEffect(() => {
    // Red begins at the stock, where the last point below it was.
    const beyond = sold.map((units, i) =>
      units > stock ? units : (sold[i + 1] ?? 0) > stock ? stock : null,
    );
    const whole = sold.map((units) => Math.min(units, stock));
    // The line of the stock goes on to the end of the axis.
    const ends = [...seconds, Math.max(reach.seconds, seconds.at(-1) ?? 0)];
    plot.current?.setData([ends, [...whole, null], [...beyond, null], ends.map(() => stock)]);
  });

  return <div class="chart" ref={place} role="img" aria-label={label} />;
}

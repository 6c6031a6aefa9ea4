drawCharts(({ bars }, color, { axis, frame, tooltip }) => ({
  ...frame,
  legend: undefined,
  grid: { ...frame.grid, top: 8, right: 60 },
  tooltip: { ...tooltip, trigger: 'item' },
  xAxis: { type: 'value', ...axis, axisLabel: { ...axis.axisLabel, hideOverlap: true } },
  yAxis: {
    type: 'category',
    inverse: true,
    data: bars.map(({ contender }) => contender),
    ...axis,
    axisLabel: { ...axis.axisLabel, interval: 0, width: 200, overflow: 'truncate' },
  },
  series: [
    {
      type: 'bar',
      animation: false,
      color: color('sold'),
      barMaxWidth: 18,
      data: bars.map(({ median }) => median),
      label: {
        show: true,
        position: 'insideLeft',
        color: color('text'),
        textBorderColor: color('card'), // readable on the bar, beside it, and under the line
        textBorderWidth: 3,
        formatter: ({ value }) => value.toLocaleString('en-US', { maximumSignificantDigits: 4 }),
      },
      // From the smallest figure of a round to the largest.
      markLine: {
        silent: true,
        animation: false,
        symbol: 'none',
        lineStyle: { color: color('text'), type: 'solid', width: 2 },
        data: bars.map(({ contender, min, max }) => [
          { coord: [min, contender] },
          { coord: [max, contender] },
        ]),
      },
    },
  ],
}));

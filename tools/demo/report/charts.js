drawCharts(({ stock, top, series }, color, { axis, frame, tooltip }) => {
  const line = { type: 'line', step: 'end', symbol: 'none', animation: false };
  // Both parts of what was sold lie on top of each other: up to the stock, and red what exceeds it.
  const sold = (name, tone, part) => ({
    ...line,
    name,
    stack: 'sold',
    color: color(tone),
    lineStyle: { width: 0 },
    areaStyle: { opacity: 0.6 },
    data: series.map(([seconds, , units]) => [seconds, part(units)]),
  });
  return {
    ...frame,
    tooltip: {
      ...tooltip,
      trigger: 'axis',
      valueFormatter: (units) => units.toLocaleString('en-US'),
      axisPointer: { label: { formatter: ({ value }) => `${value.toFixed(1)} s` } },
    },
    xAxis: {
      type: 'value',
      name: 'seconds',
      nameLocation: 'middle',
      nameGap: 24,
      nameTextStyle: { color: color('quiet') },
      max: 'dataMax',
      minInterval: 1,
      ...axis,
      axisLabel: { ...axis.axisLabel, formatter: (seconds) => seconds.toFixed(0), showMaxLabel: false },
    },
    yAxis: {
      type: 'value',
      minInterval: 1,
      max: Math.ceil(top * 1.08),
      ...axis,
      axisLabel: { ...axis.axisLabel, showMaxLabel: false },
    },
    series: [
      sold('sold', 'sold', (units) => Math.min(units, stock)),
      sold('oversold', 'bad', (units) => (units > stock ? units - stock : null)),
      {
        ...line,
        name: 'available',
        color: color('text'),
        lineStyle: { width: 2 },
        data: series.map(([seconds, available]) => [seconds, available]),
        markLine: {
          silent: true,
          symbol: 'none',
          lineStyle: { color: color('text'), type: 'dashed' },
          label: {
            position: 'insideStartTop',
            color: color('text'),
            formatter: `initial stock ${stock.toLocaleString('en-US')}`,
          },
          data: [{ yAxis: stock }],
        },
      },
    ],
  };
});

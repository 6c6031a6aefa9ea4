drawCharts((entry, color, { axis, frame, tooltip }) => {
  const { stock, top } = entry;
  const line = { type: 'line', step: 'end', symbol: 'none', animation: false };
  const area = (name, tone, data) => ({
    ...line,
    name,
    stack: 'units',
    color: color(tone),
    lineStyle: { width: 0 },
    areaStyle: { opacity: 0.6 },
    data,
  });
  const initialStock = {
    silent: true,
    symbol: 'none',
    lineStyle: { color: color('text'), type: 'dashed' },
    label: {
      position: 'insideStartTop',
      color: color('text'),
      formatter: `initial stock ${stock.toLocaleString('en-US')}`,
    },
    data: [{ yAxis: stock }],
  };

  const saleSeries = (series) => {
    // Both parts of what was sold lie on top of each other: up to the stock, and red what exceeds it.
    const sold = (part) => series.map(([seconds, , units]) => [seconds, part(units)]);
    return [
      area(
        'sold',
        'sold',
        sold((units) => Math.min(units, stock)),
      ),
      area(
        'oversold',
        'bad',
        sold((units) => (units > stock ? units - stock : null)),
      ),
      {
        ...line,
        name: 'available',
        color: color('text'),
        lineStyle: { width: 2 },
        data: series.map(([seconds, available]) => [seconds, available]),
        markLine: initialStock,
      },
    ];
  };

  /** Three layers that fill the stock. */
  const journeySeries = (series) => {
    const layer = (name, tone, i) =>
      area(
        name,
        tone,
        series.map((point) => [point[0], point[i]]),
      );
    return [
      layer('sold', 'sold', 3),
      layer('held', 'held', 2),
      { ...layer('available', 'line', 1), markLine: initialStock },
    ];
  };

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
    series: entry.journey ? journeySeries(entry.journey) : saleSeries(entry.series),
  };
});

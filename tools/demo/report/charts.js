const runs = JSON.parse(document.getElementById('series').textContent);
const darkMode = matchMedia('(prefers-color-scheme: dark)');
const charts = runs.map((_, i) =>
  echarts.init(document.getElementById(`chart-${i}`), null, { renderer: 'svg' }),
);

function draw() {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  runs.forEach((run, i) => charts[i].setOption(optionOf(run, color)));
}

function optionOf({ stock, top, series }, color) {
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
  const axis = {
    axisLabel: { color: color('quiet') },
    axisLine: { lineStyle: { color: color('line') } },
    splitLine: { lineStyle: { color: color('line') } },
  };
  return {
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: { left: 8, right: 16, top: 44, bottom: 24, containLabel: true },
    legend: { top: 4, left: 0, itemWidth: 14, icon: 'roundRect', textStyle: { color: color('text') } },
    tooltip: {
      trigger: 'axis',
      backgroundColor: color('card'),
      borderColor: color('line'),
      textStyle: { color: color('text') },
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
}

draw();
darkMode.addEventListener('change', draw);
addEventListener('resize', () => charts.forEach((chart) => chart.resize()));

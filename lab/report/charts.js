const darkMode = matchMedia('(prefers-color-scheme: dark)');

/**
 * Draws a chart in each element `chart-<i>`, from the i-th entry of the data; anew when the page turns dark or light.
 * `optionOf` gets the entry, a function that gives the page's colours by name, and what all charts have in common.
 */
globalThis.drawCharts = (optionOf) => {
  const data = JSON.parse(document.getElementById('charts-data').textContent);
  const charts = data.map((_, i) =>
    echarts.init(document.getElementById(`chart-${i}`), null, { renderer: 'svg' }),
  );
  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    data.forEach((entry, i) => charts[i].setOption(optionOf(entry, color, commonOf(color))));
  };
  draw();
  darkMode.addEventListener('change', draw);
  addEventListener('resize', () => charts.forEach((chart) => chart.resize()));
};

function commonOf(color) {
  return {
    axis: {
      axisLabel: { color: color('quiet') },
      axisLine: { lineStyle: { color: color('line') } },
      splitLine: { lineStyle: { color: color('line') } },
    },
    frame: {
      textStyle: { fontFamily: 'system-ui, sans-serif' },
      grid: { left: 8, right: 16, top: 44, bottom: 24, containLabel: true },
      legend: { top: 4, left: 0, itemWidth: 14, icon: 'roundRect', textStyle: { color: color('text') } },
    },
    tooltip: {
      backgroundColor: color('card'),
      borderColor: color('line'),
      textStyle: { color: color('text') },
    },
  };
}

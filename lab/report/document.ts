import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { embedJson, embedScript, html, raw, type Html } from './html.js';

const own = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');
const require = createRequire(import.meta.url);
const echarts = () => readFileSync(require.resolve('echarts/dist/echarts.common.min.js'), 'utf8');

export interface Document {
  title: string;
  heading: string;
  verdict: { word: string; reasons: readonly string[] };
  main: Html;
  /** One entry per element `chart-<i>`, and the script that makes charts of them. */
  charts: { data: readonly object[]; script: URL };
}

/** A report as one file that needs nothing else: styles, charts and data are in it. */
export function renderDocument({ title, heading, verdict, main, charts }: Document): string {
  const { word, reasons } = verdict;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${raw(own('page.css'))}
        </style>
      </head>
      <body>
        <header>
          <h1>${heading}</h1>
          <div class="verdict ${word.toLowerCase()}">
            <strong>${word}</strong>
            ${
              reasons.length === 1
                ? html`<p>${reasons[0]!}</p>`
                : html`<ul>
                    ${reasons.map((reason) => html`<li>${reason}</li>`)}
                  </ul>`
            }
          </div>
        </header>
        <main>${main}</main>
        <script type="application/json" id="charts-data">
          ${embedJson(charts.data)}
        </script>
        <script>
          ${embedScript(echarts())};
        </script>
        <script>
          ${embedScript(own('charts.js'))};
        </script>
        <script>
          ${embedScript(readFileSync(charts.script, 'utf8'))};
        </script>
      </body>
    </html> `.markup;
}

/** A cell is text, or text that is bad news. */
export type Cell = string | { bad: string };

/** A column of sentences breaks its lines. */
const LONG = 40;

/** A table that becomes a card per row on a phone. The first `words` columns are not figures. */
export function tableOf(
  label: string,
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  words = 1,
): Html {
  const tone = (i: number) => (i < words ? 'word' : '');
  const cell = (content: Cell, i: number) => {
    const [text, news] = typeof content === 'string' ? [content, ''] : [content.bad, 'bad'];
    const long = text.length > LONG ? 'long' : '';
    return html`<td role="cell" data-title="${head[i]!}" class="${tone(i)} ${news} ${long}">${text}</td>`;
  };
  return html`<div class="scroll" role="region" aria-labelledby="${label}" tabindex="0">
    <table role="table">
      <thead>
        <tr>
          ${head.map((title, i) => html`<th scope="col" class="${tone(i)}">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map(cell)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

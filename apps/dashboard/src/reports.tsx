import { useEffect, useState } from 'preact/hooks';
import type { Control, PastReport } from './control.js';

const MEANING: Record<string, string> = {
  demo: 'with and without the lock',
  bench: 'what it costs and gains',
  lab: 'what breaks each lock',
};

/** What earlier runs of `npm run demo`, `bench` and `lab` found on this machine. */
export function Reports({ control }: { control: Control }) {
  const [reports, setReports] = useState<PastReport[]>();
  useEffect(() => void control.reports().then(setReports, () => setReports([])), [control.url]);
  if (!reports) return null;
  return (
    <section class="reports" aria-labelledby="reports">
      <h2 id="reports">Past reports</h2>
      {reports.length === 0 && (
        <p class="note">
          None yet. <code>npm run demo</code>, <code>npm run bench</code> and <code>npm run lab</code> write
          them.
        </p>
      )}
      <ul>
        {reports.map(({ kind, name, verdict, path }) => (
          <li key={path}>
            <a href={control.url + path} target="_blank" rel="noreferrer">
              <b>{kind}</b>, {MEANING[kind]} <time>{timeOf(name)}</time>
            </a>
            {verdict && <span class={`tag ${verdict.toLowerCase()}`}>{verdict}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Folders are named by the time in UTC: 2026-11-24T08-15-19. */
const timeOf = (name: string) => name.replace(/T(\d\d)-(\d\d).*/, ' $1:$2 UTC');

import { html, type Html } from '../../report/html.js';
import { count, counted, milliseconds, units } from '../format.js';
import type { JourneyFigures, JourneyResult } from '../journey/journey-figures.js';

/** The second chapter; `chart` is the number of its chart. */
export function journeyChapter({ figures, toldPaid, dashboard }: JourneyResult, chart: number): Html {
  const { strategy, workers, apiReplicas, reservationTtlSeconds, initialStock, latencyMs } = figures;
  return html`<section aria-labelledby="journey">
    <h2 id="journey">The whole journey: arrive, wait, reserve, and pay or walk away</h2>
    <p class="prose">
      ${counted(figures.requests, 'buyer')} for ${units(initialStock)}, under ${strategy}. A waiting room lets
      in only so many at a time, first come first served. A reservation lasts
      ${counted(reservationTtlSeconds, 'second')}. Two of ten who have one walk away, and one has the payment
      declined; what they leave comes back under the same lock and is sold again, until everything is paid.
    </p>
    <ul class="tiles">
      ${tilesOf(figures).map(([value, label]) => html`<li><b>${count(value)}</b> ${label}</li>`)}
    </ul>
    <div class="runs journey">
      <figure>
        <figcaption>
          <h3>Available, held and sold over time</h3>
          <p class="note">At every moment they make up the ${units(initialStock)}.</p>
        </figcaption>
        <div
          class="chart"
          id="chart-${chart}"
          role="img"
          aria-label="Units available, held and sold over time: in the end ${count(figures.sold)} of ${units(
            initialStock,
          )} are sold"
        ></div>
        <p class="note">
          ${counted(apiReplicas, 'API replica')}, ${counted(workers, 'worker')}. Checkouts that wait for their
          outcome are answered in ${milliseconds(latencyMs.p50)} ms (p99 ${milliseconds(latencyMs.p99)} ms):
          <a href="${dashboard}">k6 report</a>
        </p>
      </figure>
      <figure>
        <h3>What has to hold in the end</h3>
        <ul class="checks">
          ${checksOf(figures, toldPaid).map(
            ([holds, text]) =>
              html`<li class="${holds ? 'kept' : 'broken'}">
                <span class="visually-hidden">${holds ? 'Holds:' : 'Broken:'}</span> ${text}
              </li>`,
          )}
        </ul>
        <p class="note">Counted in Postgres once no reservation was left; the API's audit has to agree.</p>
      </figure>
    </div>
  </section>`;
}

function tilesOf(figures: JourneyFigures): [value: number, label: string][] {
  const { requests, waited, turnedAway, accepted, sold, walkedAway, declined, soldAgain } = figures;
  return [
    [requests, 'buyers came'],
    [waited, 'had to wait to be let in'],
    [turnedAway, 'turned away: nothing available at that moment'],
    [accepted, 'reserved a unit'],
    [sold, 'paid'],
    [walkedAway, 'walked away'],
    [declined, 'had their payment declined'],
    [soldAgain, 'units came back and were sold again'],
  ];
}

function checksOf(figures: JourneyFigures, toldPaid: number): [holds: boolean, text: string][] {
  const { initialStock, sold, available, held, oversold, undersold, lostUpdates, charged } = figures;
  return [
    [
      sold + available === initialStock,
      `${count(sold)} sold and ${count(available)} available are ${units(initialStock)}`,
    ],
    [held === 0, `${count(held)} held`],
    [oversold === 0, `${count(oversold)} oversold`],
    [undersold === 0, `${count(undersold)} undersold while there were buyers`],
    [lostUpdates === 0, `${count(lostUpdates)} lost updates`],
    [charged === sold, `money for ${units(charged)}, ${count(sold)} sold`],
    [toldPaid <= sold, `${count(toldPaid)} buyers were told that they have paid, ${count(sold)} have`],
  ];
}

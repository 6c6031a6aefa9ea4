import { arrivalDoubts } from './arrival.js';
import { count, counted, units } from './format.js';
import type { JourneyResult } from './journey/journey-figures.js';
import { brokenJourney, journeyDoubts, journeyProof } from './journey/journey-verdict.js';
import { roleOf, type Role, type RunResult, type Summary } from './summary.js';

type Judged = Omit<RunResult, 'series' | 'dashboard'>;

/** The verdict over all runs, with its reasons as plain sentences, the most telling first. */
export function demoVerdict(runs: Judged[], journey?: JourneyResult): Pick<Summary, 'verdict' | 'reasons'> {
  const failures = runs.filter(is('lock-on')).flatMap(brokenPromises);
  if (journey) failures.push(...brokenJourney(journey));
  if (failures.length > 0) return { verdict: 'FAIL', reasons: failures };
  const doubts = [...misbehavedControls(runs), ...runs.flatMap(loadDoubts), ...missingRuns(runs)];
  doubts.push(...(journey ? journeyDoubts(journey) : ['There was no journey.']));
  if (doubts.length > 0) return { verdict: 'INCONCLUSIVE', reasons: doubts };
  return { verdict: 'PASS', reasons: [proof(runs), journeyProof(journey!)] };
}

function is(role: Role) {
  return ({ figures }: Judged) => roleOf(figures) === role;
}

function brokenPromises({ figures, endedOrders }: Judged): string[] {
  const { strategy, accepted, initialStock, live, available, oversold, undersold, lostUpdates } = figures;
  const reasons: string[] = [];
  if (oversold > 0) reasons.push(`${strategy} oversold: it sold ${count(live)} of ${units(initialStock)}.`);
  if (undersold > 0) reasons.push(`${strategy} turned buyers away with ${units(undersold)} unsold.`);
  if (lostUpdates > 0) reasons.push(`${strategy} lost ${counted(lostUpdates, 'update')} of the stock.`);
  if (!figures.conserved) {
    reasons.push(
      `${strategy} did not conserve the stock: ${count(available)} available and ${count(live)} sold are not ${units(initialStock)}.`,
    );
  }
  if (endedOrders !== accepted) {
    reasons.push(`${strategy} accepted ${count(accepted)} orders, but ${count(endedOrders)} ended.`);
  }
  return reasons;
}

function missingRuns(runs: Judged[]): string[] {
  return (['negative control', 'lock-off', 'lock-on'] as const)
    .filter((role) => !runs.some(is(role)))
    .map((role) => `There was no ${role} run.`);
}

function misbehavedControls(runs: Judged[]): string[] {
  const wronglyOversold = runs
    .filter(is('negative control'))
    .filter(({ figures }) => figures.oversold > 0)
    .map(({ figures }) => {
      return `The negative control oversold ${units(figures.oversold)} with a single worker: the measurement is unsound.`;
    });
  const neverOversold = runs
    .filter(is('lock-off'))
    .filter(({ figures }) => figures.oversold === 0)
    .map(({ figures }) => {
      return `Without a lock, ${figures.workers} workers did not oversell: the load was too light to prove anything.`;
    });
  const unfinished = runs
    .filter((run) => !is('lock-on')(run) && run.endedOrders !== run.figures.accepted)
    .map(({ figures, endedOrders }) => {
      return `The ${roleOf(figures)} run accepted ${count(figures.accepted)} orders, but ${count(endedOrders)} ended.`;
    });
  return [...wronglyOversold, ...neverOversold, ...unfinished];
}

function loadDoubts(run: Judged): string[] {
  const { figures, unexpectedAnswers } = run;
  const { strategy, accepted, initialStock } = figures;
  const of = `The ${roleOf(figures)} run (${strategy})`;
  const reasons = arrivalDoubts(of, run);
  if (unexpectedAnswers > 0) {
    reasons.push(`${of} got ${count(unexpectedAnswers)} answers that are neither 202 nor SOLD_OUT.`);
  }
  if (accepted < initialStock) {
    reasons.push(`${of} accepted ${count(accepted)} orders, too few to sell out ${units(initialStock)}.`);
  }
  if (!run.auditAgrees) reasons.push(`${of}: the audit of the API and the database disagree.`);
  return reasons;
}

function proof(runs: Judged[]): string {
  const [off] = runs.filter(is('lock-off')).map(({ figures }) => figures);
  const on = runs.filter(is('lock-on')).map(({ figures }) => figures);
  if (!off || !on[0]) throw new Error('a proof needs both a lock-off and a lock-on run');
  const strategies = new Intl.ListFormat('en-GB').format(on.map(({ strategy }) => strategy));
  return (
    `Without a lock, ${off.workers} workers sold ${count(off.live)} of ${units(off.initialStock)}; ` +
    `with ${strategies} they sold exactly ${count(on[0].initialStock)}.`
  );
}

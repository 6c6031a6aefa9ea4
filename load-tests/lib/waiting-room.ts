import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';
import { deleteWaitingRoom, postWaitingRoom, type TextResponse } from './api.ts';
import { isSoldOut, reportUnexpected, turnAway } from './checkouts.ts';

const waited = new Counter('journeys_waited');
const wait = new Trend('waiting_room_wait', true);

/** Asks as often as it is told to, each time another replica, until it is let in; false if there is nothing left to wait for. */
export function waitForPlace(saleId: string, buyerId: string, n: number): boolean {
  const arrival = Date.now();
  for (let asked = 0; ; asked++) {
    const response = postWaitingRoom(n + asked, saleId, buyerId);
    if (response.status === 200) {
      wait.add(Date.now() - arrival);
      return true;
    }
    if (response.status !== 202) {
      if (isSoldOut(response)) turnAway();
      else report(response);
      return false;
    }
    if (asked === 0) waited.add(1);
    sleep(Number(response.headers['Retry-After']));
  }
}

export function leaveRoom(saleId: string, buyerId: string, n: number): void {
  const response = deleteWaitingRoom(n, saleId, buyerId);
  if (response.status !== 204) report(response);
}

const report = ({ status, error, body }: TextResponse) =>
  reportUnexpected(`${status} ${error || body}`, 'a waiting room');

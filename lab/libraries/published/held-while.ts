import type { Held } from '../adapter.js';

/** A lock that calls its holder, as one that hands out a grant: the call lasts until the release. */
export const heldWhile = (using: (work: (lost: AbortSignal) => Promise<void>) => Promise<unknown>) =>
  new Promise<Held>((granted, refused) => {
    const ended = using(
      (lost) =>
        new Promise<void>((finish) => {
          granted({
            lost,
            release: () => {
              finish();
              return ended;
            },
          });
        }),
    );
    ended.catch(refused);
  });

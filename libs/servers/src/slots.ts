import slotOf from 'cluster-key-slot';

export { slotOf };

/** https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model */
const SLOTS = 16_384;

/** Which of so many equal parts of the slots the slot of this name is in. */
export const partOf = (name: string, parts: number): number => Math.floor((slotOf(name) * parts) / SLOTS);

/**
 * A hash tag for each of so many equal parts of the slots. Its slot is in the middle of the part: primaries that share the slots evenly share
 * the parts so, too, however they round.
 */
export const hashTags = (parts: number) =>
  Array.from({ length: parts }, (_, part) => {
    for (let tag = 0; ; tag++) {
      const slot = slotOf(String(tag));
      const place = (slot * parts) / SLOTS - part;
      if (place >= 1 / 4 && place < 3 / 4) return { tag: `{${tag}}`, slot };
    }
  });

/** One critical section, on the clock of the machine. */
export interface Section {
  readonly caller: number;
  readonly askedAt: number;
  readonly enteredAt: number;
  readonly leftAt: number;
}

const FIELDS = 4;
const SECTIONS_PER_CHUNK = 16_384;

/**
 * Sections while they are being measured. Bare numbers: objects that live until the end would make each garbage collection
 * copy them, for ten milliseconds and more, and whoever holds the lock meanwhile holds up all the others.
 */
export class SectionLog {
  #chunks: Float64Array[] = [];
  #length = 0;

  add(caller: number, askedAt: number, enteredAt: number, leftAt: number) {
    const place = this.#length++ % SECTIONS_PER_CHUNK;
    if (place === 0) this.#chunks.push(new Float64Array(SECTIONS_PER_CHUNK * FIELDS));
    const chunk = this.#chunks.at(-1)!;
    chunk[place * FIELDS] = caller;
    chunk[place * FIELDS + 1] = askedAt;
    chunk[place * FIELDS + 2] = enteredAt;
    chunk[place * FIELDS + 3] = leftAt;
  }

  clear() {
    this.#chunks = [];
    this.#length = 0;
  }

  sections(): Section[] {
    return Array.from({ length: this.#length }, (_, i) => {
      const chunk = this.#chunks[Math.floor(i / SECTIONS_PER_CHUNK)]!;
      const place = (i % SECTIONS_PER_CHUNK) * FIELDS;
      const [caller, askedAt, enteredAt, leftAt] = chunk.subarray(place, place + FIELDS);
      return { caller: caller!, askedAt: askedAt!, enteredAt: enteredAt!, leftAt: leftAt! };
    });
  }
}

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';

const lua = (name: string) => ({
  lua: readFileSync(new URL(name, import.meta.url), 'utf8'),
  numberOfKeys: 3,
});
const scripts = { ledgerEnter: lua('ledger-enter.lua'), ledgerWrite: lua('ledger-write.lua') };

type Keys = readonly [value: string, fence: string, journal: string];
type By = readonly [section: string, token: string, fenced: '0' | '1'];

interface Commands extends Redis {
  ledgerEnter(...args: [...Keys, ...By, pid: string]): Promise<string | null>;
  ledgerWrite(...args: [...Keys, ...By, before: string, after: string]): Promise<0 | 1>;
}

type Entry =
  | { kind: 'enter'; section: string; pid: string; token: string }
  | { kind: 'leave'; section: string; before?: number; after?: number };

/** What the journal of a resource says about the lock that should have guarded it. */
export interface Verdict {
  /** Sections that have written. */
  readonly writes: number;
  readonly value: number;
  /** Writes that were based on another value than the one they replaced. */
  readonly lostUpdates: number;
  /** Sections that began while another one was open whose process was alive. */
  readonly overlaps: number;
  readonly tokensGrow: boolean;
  /** The process of each section, in order. */
  readonly order: readonly number[];
}

/**
 * Counts what the lock should protect, outside the lock and its store: a read-modify-write that nothing else guards, and
 * a journal in the order in which Redis saw it.
 */
export class Ledger {
  readonly #redis: Commands;

  constructor(url: string) {
    this.#redis = new Redis(url, { scripts }) as Commands;
  }

  /**
   * One read-modify-write. `fenced` refuses both halves to a token that is not the largest one so far: then nothing is
   * written. Resolves to whether it was.
   */
  async section(
    resource: string,
    { token, fenced = false }: { token?: bigint; fenced?: boolean },
    work: () => Promise<unknown>,
  ): Promise<boolean> {
    const keys = keysOf(resource);
    const by = [randomUUID(), token?.toString() ?? '', fenced ? '1' : '0'] as const;
    const before = await this.#redis.ledgerEnter(...keys, ...by, String(process.pid));
    if (before === null) return false;
    await work();
    return (await this.#redis.ledgerWrite(...keys, ...by, before, String(Number(before) + 1))) === 1;
  }

  async judge(resource: string, killed: readonly number[] = []): Promise<Verdict> {
    const [valueKey, , journal] = keysOf(resource);
    const lines = await this.#redis.lrange(journal, 0, -1);
    const entries = lines.map((line) => JSON.parse(line) as Entry);
    const enters = entries.filter((entry) => entry.kind === 'enter');
    const writes = entries.filter((entry) => entry.kind === 'leave' && entry.after !== undefined);
    const tokens = enters.map(({ token }) => BigInt(token || 0));
    return {
      writes: writes.length,
      value: Number(await this.#redis.get(valueKey)),
      lostUpdates: countLostUpdates(entries),
      overlaps: countOverlaps(entries, killed),
      tokensGrow: tokens.every((token, i) => i === 0 || token > tokens[i - 1]!),
      order: enters.map(({ pid }) => Number(pid)),
    };
  }

  async close() {
    await this.#redis.quit();
  }
}

function countLostUpdates(entries: readonly Entry[]): number {
  let value = 0;
  let lost = 0;
  for (const entry of entries) {
    if (entry.kind === 'enter' || entry.after === undefined) continue;
    if (entry.before !== value) lost++;
    value = entry.after;
  }
  return lost;
}

function countOverlaps(entries: readonly Entry[], killed: readonly number[]): number {
  const open = new Set<string>();
  let overlaps = 0;
  for (const entry of entries) {
    if (entry.kind === 'leave') open.delete(entry.section);
    else {
      if (open.size > 0) overlaps++;
      if (!killed.includes(Number(entry.pid))) open.add(entry.section);
    }
  }
  return overlaps;
}

const keysOf = (resource: string): Keys => [
  `ledger:{${resource}}:value`,
  `ledger:{${resource}}:fence`,
  `ledger:{${resource}}:journal`,
];

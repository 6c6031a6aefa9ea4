import type { Access } from './access.js';
import { call } from './http.js';

/** What the control of a local stack tells (local/control). */
export interface ControlState {
  readonly load: {
    readonly running?: { readonly seconds: number; readonly startedAt: number };
    readonly last?: {
      readonly requests?: number;
      readonly unexpected?: number;
      readonly dropped?: number;
      readonly error?: string;
    };
  };
  readonly workers: { readonly name: string; readonly process: string | null; readonly up: boolean }[];
  readonly crashes: Crash[];
  readonly lockTimes: Readonly<Record<string, LockTimes>>;
}

export interface LockTimes {
  readonly waits: number;
  readonly waitedSeconds: number;
  readonly holds: number;
  readonly heldSeconds: number;
}

export interface Crash {
  readonly saleId: string;
  readonly worker: string;
  readonly process: string;
  readonly heldLock: boolean;
  readonly at: number;
  readonly deadMs?: number;
}

export interface PastReport {
  readonly kind: string;
  readonly name: string;
  readonly verdict?: string;
  readonly path: string;
}

/** The control of a local stack, with the rights of its admin. */
export class Control {
  constructor(
    readonly url: string,
    private readonly key: string,
  ) {}

  static of({ control, key }: Access): Control | undefined {
    return control === undefined ? undefined : new Control(control, key);
  }

  state = () => call<ControlState>(`${this.url}/state`, this.key);
  reports = () => call<PastReport[]>(`${this.url}/reports`, this.key);
  startLoad = (saleIds: string[], buyersPerSecond: number, seconds: number) =>
    call(`${this.url}/load`, this.key, 'POST', { saleIds, buyersPerSecond, seconds });
  stopLoad = () => call(`${this.url}/load`, this.key, 'DELETE');
  crash = (saleId: string) => call<Crash>(`${this.url}/crashes`, this.key, 'POST', { saleId });
}

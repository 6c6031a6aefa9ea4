import { fork, type ChildProcess } from 'node:child_process';
import { message } from '../message.js';
import type { SellerResult, SellerTask } from './seller.js';

/** The processes that sell, one run after the other: in a process that has just been started, all code is slow. */
export class Sellers {
  #processes: ChildProcess[] = [];

  constructor(private readonly count: number) {}

  /** Each of them gets its task and warms up. */
  prepare(taskOf: (seller: number) => SellerTask): Promise<unknown> {
    return this.#tell(taskOf);
  }

  /** They start together what they have prepared. */
  run(): Promise<SellerResult[]> {
    return this.#tell(() => 'go') as Promise<SellerResult[]>;
  }

  end() {
    for (const seller of this.#processes.splice(0)) seller.kill('SIGKILL');
  }

  /** Resolves to their answers. */
  async #tell(whatTo: (seller: number) => SellerTask | 'go'): Promise<unknown[]> {
    try {
      const sellers = this.#started();
      const answers = sellers.map((seller) => message(seller));
      sellers.forEach((seller, i) => seller.send(whatTo(i)));
      return await Promise.all(answers);
    } catch (error) {
      this.end(); // who knows what they are at: the next run has others
      throw error;
    }
  }

  #started(): ChildProcess[] {
    while (this.#processes.length < this.count) this.#processes.push(fork(process.argv[1]!, ['seller']));
    return this.#processes;
  }
}

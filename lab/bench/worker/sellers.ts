import { fork, type ChildProcess } from 'node:child_process';
import { message } from '../message.js';
import type { SellerResult, SellerTask } from './seller.js';

/** The processes that sell, one run after the other: in a process that has just been started, all code is slow. */
export class Sellers {
  #processes: ChildProcess[] = [];

  constructor(private readonly count: number) {}

  /** A run: each of them gets its task, they warm up, and start together. */
  async run(taskOf: (seller: number) => SellerTask): Promise<SellerResult[]> {
    try {
      const sellers = this.#started();
      const ready = sellers.map((seller) => message(seller));
      sellers.forEach((seller, i) => seller.send(taskOf(i)));
      await Promise.all(ready);
      const results = sellers.map((seller) => message(seller) as Promise<SellerResult>);
      for (const seller of sellers) seller.send('go');
      return await Promise.all(results);
    } catch (error) {
      this.end(); // who knows what they are at: the next run has others
      throw error;
    }
  }

  end() {
    for (const seller of this.#processes.splice(0)) seller.kill('SIGKILL');
  }

  #started(): ChildProcess[] {
    while (this.#processes.length < this.count) this.#processes.push(fork(process.argv[1]!, ['seller']));
    return this.#processes;
  }
}

import { useState } from 'preact/hooks';
import { explain } from './http.js';

/** What somebody does on the page: whether it is under way, and why it failed. What is done is announced. */
export function useDoing(announce: (text: string) => void) {
  const [problem, setProblem] = useState<string>();
  const [waiting, setWaiting] = useState(false);
  const doing = async (done: string, action: () => Promise<unknown>) => {
    setWaiting(true);
    setProblem(undefined);
    try {
      await action();
      announce(done);
    } catch (error) {
      setProblem(explain(error));
    }
    setWaiting(false);
  };
  return { problem, waiting, doing };
}

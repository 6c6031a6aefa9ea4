import { useEffect, useState } from 'preact/hooks';
import { explain } from './http.js';

interface Polled<T> {
  readonly value?: T;
  readonly error?: string;
}

/** Asks again and again, a pause after each answer; what was last told stays while nobody answers. */
export function usePolling<T>(
  ask: (() => Promise<T>) | undefined,
  pauseMs: number,
  of: unknown[],
): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>({});
  useEffect(() => {
    setPolled({});
    if (!ask) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const tick = async () => {
      const next = await ask().then(
        (value) => ({ value, error: undefined }),
        (error: unknown) => ({ error: explain(error) }),
      );
      if (over) return;
      setPolled((last) => ({ ...last, ...next }));
      timer = setTimeout(() => void tick(), pauseMs);
    };
    void tick();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, of);
  return polled;
}

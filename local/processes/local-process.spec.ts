import { expect, it } from 'vitest';
import { LocalProcess } from './local-process.js';

it('tells its end, even while the question whether it is ready has no answer', async () => {
  const died = new LocalProcess({
    name: 'dies-unasked',
    command: { file: process.execPath, args: ['--eval', 'process.exit(3)'] },
    isReady: () => new Promise(() => {}),
  });
  await expect(died.start()).rejects.toThrow('dies-unasked: it ended with code 3');
});

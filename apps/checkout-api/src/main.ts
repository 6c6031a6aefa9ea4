import { ConfigError, loadApiConfig } from '@app/config';
import { migrate } from '@app/database';
import { bootLog } from '@app/observability';
import { runProcess } from '@app/process';
import { ServerUnusableError } from '@app/servers';
import { createApp } from './app.js';

await runProcess({
  expected: [ConfigError, ServerUnusableError],
  boot: async (ending) => {
    const config = loadApiConfig();
    const [command] = process.argv.slice(2);
    if (command === 'migrate') return migrate(config.DATABASE_URL, bootLog(config.LOG_LEVEL));
    if (command !== undefined)
      throw new ConfigError(`There is no command ${command}. Use \`migrate\`, or nothing to serve.`);
    const app = await createApp(config, ending);
    const { HOST: host, PORT: port, SHUTDOWN_GRACE_MS: graceMs, SHUTDOWN_TIMEOUT_MS: timeoutMs } = config;
    return { app, host, port, graceMs, timeoutMs };
  },
});

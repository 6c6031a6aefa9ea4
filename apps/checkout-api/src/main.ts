import { ConfigError, loadApiConfig, loadMigrationConfig } from '@app/config';
import { migrate } from '@app/database';
import { bootLog } from '@app/observability';
import { runProcess } from '@app/process';
import { ServerUnusableError } from '@app/servers';
import { createApp } from './app.js';

await runProcess({
  expected: [ConfigError, ServerUnusableError],
  boot: async (ending) => {
    const [command] = process.argv.slice(2);
    if (command === 'migrate') {
      const { DATABASE_URL: url, LOG_LEVEL, ...config } = loadMigrationConfig();
      const { DATABASE_RUNTIME_ROLE: name, DATABASE_RUNTIME_PASSWORD: password } = config;
      return migrate(url, bootLog(LOG_LEVEL), name ? { name, password } : undefined);
    }
    if (command !== undefined)
      throw new ConfigError(`There is no command ${command}. Use \`migrate\`, or nothing to serve.`);
    const config = loadApiConfig();
    const app = await createApp(config, ending);
    const { HOST: host, PORT: port, SHUTDOWN_GRACE_MS: graceMs, SHUTDOWN_TIMEOUT_MS: timeoutMs } = config;
    return { app, host, port, graceMs, timeoutMs };
  },
});

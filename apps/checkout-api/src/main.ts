import { ConfigError, loadApiConfig, loadMigrationConfig, postgresOf } from '@app/config';
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
      const config = loadMigrationConfig();
      const { DATABASE_RUNTIME_ROLE: name, DATABASE_RUNTIME_PASSWORD: password } = config;
      const { main, direct } = postgresOf(config);
      const role = name ? { name, password } : undefined;
      return migrate(direct!, bootLog(config.LOG_LEVEL), role, main.pooler !== 'none');
    }
    if (command !== undefined)
      throw new ConfigError(`There is no command ${command}. Use \`migrate\`, or nothing to serve.`);
    const config = loadApiConfig();
    const app = await createApp(config, ending);
    const { HOST: host, PORT: port, SHUTDOWN_GRACE_MS: graceMs, SHUTDOWN_TIMEOUT_MS: timeoutMs } = config;
    return { app, host, port, graceMs, timeoutMs };
  },
});

import { ConfigError, loadApiConfig } from '@app/config';
import { migrate } from '@app/database';
import { createApp } from './app.js';

try {
  const config = loadApiConfig();
  const [command] = process.argv.slice(2);
  if (command === 'migrate') {
    await migrate(config.DATABASE_URL);
  } else if (command === undefined) {
    const app = await createApp(config);
    app.enableShutdownHooks();
    await app.listen(config.PORT, config.HOST);
  } else {
    console.error(`There is no command ${command}. Use \`migrate\`, or nothing to serve.`);
    process.exit(1);
  }
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}

/** Starts the services, tells where they are, and holds them until somebody ends it. */
import { startServices } from '../../services/services.js';

const { databaseUrl, redisUrl } = await startServices();
console.log(JSON.stringify({ databaseUrl, redisUrl }));
setInterval(() => {}, 60_000);

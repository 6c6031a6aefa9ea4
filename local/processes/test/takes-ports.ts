/** Takes so many ports below a number, and keeps them without a server on any until somebody ends it. */
import { onFreePorts } from '../free-port.js';

const [count, below] = process.argv.slice(2).map(Number) as [number, number];
console.log(JSON.stringify(await onFreePorts(count, (...ports) => Promise.resolve(ports), below)));
setInterval(() => {}, 60_000);

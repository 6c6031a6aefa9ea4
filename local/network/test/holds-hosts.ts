/** Makes two hosts, tells that they are there, and holds them until somebody ends it. */
import { Hosts } from '../hosts.js';

await Hosts.create('one', 'two');
console.log('there');
setInterval(() => {}, 60_000);

import 'reflect-metadata';

const [role, argument = '', json = ''] = process.argv.slice(2);

// Loaded as they are needed: benchmarks and experiments start many processes, each for a small part.
switch (role) {
  case 'bench':
    await (await import('./bench/bench.js')).bench(argument, json);
    break;
  case 'seller':
    await (await import('./bench/worker/seller.js')).sell();
    break;
  case 'locker':
    await (await import('./bench/locks/roles.js')).play(argument);
    break;
  case 'idle-worker':
    await (await import('./bench/http/idle-worker.js')).idleWorker();
    break;
  case 'bare-server':
    await (await import('./bench/requests/bare-server.js')).bareServer();
    break;
  case 'sender':
    await (await import('./bench/requests/sender.js')).sender(argument);
    break;
  case 'actor':
    await (await import('./faults/actor/act.js')).act(argument);
    break;
  case 'own-lock':
    await (await import('./libraries/probe.js')).probe(argument);
    break;
  default:
    console.error('These are the processes of `npm run bench` and `npm run lab`: that is where to start.');
    process.exitCode = 2;
}

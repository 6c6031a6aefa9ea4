import 'reflect-metadata';

const [verb, argument = '', ...rest] = process.argv.slice(2);

// Loaded as they are needed: a benchmark starts many processes, each for a small part.
switch (verb) {
  case 'bench':
    if (argument === 'locks') await (await import('./bench/locks/command.js')).locks(rest);
    else await (await import('./bench/worker/command.js')).worker();
    break;
  case 'seller':
    await (await import('./bench/worker/seller.js')).sell(argument);
    break;
  case 'locker':
    await (await import('./bench/locks/roles.js')).play(argument);
    break;
  default:
    console.error('usage: npm run bench [-- worker | locks]');
    process.exitCode = 2;
}

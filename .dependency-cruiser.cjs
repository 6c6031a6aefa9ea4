/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-cycles-of-folders',
      comment: 'of two folders of an application, at most one imports the other',
      severity: 'error',
      scope: 'folder',
      from: { path: '^apps/[^/]+/src' },
      to: { circular: true },
    },
    // The layers: tools -> lab -> local -> libs, and apps -> libs.
    {
      name: 'libs-know-libs-only',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|lab|tools)/' },
    },
    {
      name: 'apps-know-libs-only',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^(lab|tools|apps/(?!$1/))' },
    },
    {
      name: 'apps-and-libs-need-no-local',
      comment: 'their tests do: they start servers and processes',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^(apps|libs)/[^/]+/test/', 'spec\\.ts$'] },
      to: { path: '^local/' },
    },
    {
      name: 'local-knows-libs-only',
      severity: 'error',
      from: { path: '^local/' },
      to: { path: '^(apps|lab|tools)/' },
    },
    {
      name: 'lab-knows-local-and-libs-only',
      severity: 'error',
      from: { path: '^lab/' },
      to: { path: '^(apps|tools)/' },
    },
    {
      name: 'tools-know-no-app',
      severity: 'error',
      from: { path: '^tools/' },
      to: { path: '^apps/' },
    },
    {
      name: 'judges-stand-beside-each-other',
      comment: 'what two of demo, bench and faults need is in a folder of its own',
      severity: 'error',
      from: { path: '^lab/(demo|bench|compose|faults)/' },
      to: { path: '^lab/(demo|bench|compose|faults)/', pathNot: '^lab/$1/' },
    },
    {
      name: 'judges-share-what-knows-none-of-them',
      severity: 'error',
      from: { path: '^lab/', pathNot: ['^lab/(demo|bench|compose|faults)/', '^lab/main\\.ts$'] },
      to: { path: '^lab/(demo|bench|compose|faults)/' },
    },
    {
      name: 'lab-processes-need-no-local',
      comment:
        'what `nest build lab` makes of lab/main.ts runs without the sources: local finds its folders by their place',
      severity: 'error',
      from: { path: '^lab/main\\.ts$' },
      to: { path: '^local/', reachable: true },
    },
    {
      name: 'foundation-libs-stand-alone',
      comment:
        'lock, servers, process, waiting-room, events, config, observability and payments depend on no other lib; their tests may know more',
      severity: 'error',
      from: {
        path: '^libs/(lock|servers|process|waiting-room|events|config|observability|payments)/src/',
        pathNot: 'spec\\.ts$',
      },
      to: { path: '^libs/', pathNot: '^libs/$1/' },
    },
    {
      name: 'lock-drivers-are-private',
      severity: 'error',
      from: { pathNot: '^libs/lock/' },
      to: { path: '^libs/lock/src/drivers/' },
    },
    {
      name: 'libs-only-through-their-index',
      severity: 'error',
      from: { path: '^(?:libs|apps)/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'libs-only-through-their-index-from-outside',
      severity: 'error',
      from: { pathNot: '^(libs|apps)/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'no-own-index',
      comment: 'inside a lib the files import each other, never their own index',
      severity: 'error',
      from: { path: '^libs/([^/]+)/src/' },
      to: { path: '^libs/$1/src/index\\.ts$' },
    },
    {
      name: 'load-tests-stand-alone',
      comment: 'k6 runs them without the application: they know it by HTTP',
      severity: 'error',
      from: { path: '^load-tests/' },
      to: { path: '^(apps|lab|libs|local|tools)/' },
    },
    {
      name: 'examples-stand-alone',
      comment: 'shops of somebody else: load tests know them by HTTP, and they only what a target is',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^(apps|lab|libs|local|tools|load-tests)/', pathNot: '^load-tests/lib/target\\.ts$' },
    },
    {
      name: 'dashboard-stands-alone',
      comment: 'a browser runs it: it knows the application by HTTP',
      severity: 'error',
      from: { path: '^apps/dashboard/src/' },
      to: { path: '^(lab|libs|local|tools|apps/(?!dashboard/src/))' },
    },
    {
      name: 'tracing-costs-nothing-when-off',
      comment:
        'one file imports the SDK of OpenTelemetry, and nothing imports that file before somebody wants traces',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/observability/src/tracing/sdk\\.ts$'] },
      to: { path: 'node_modules/@opentelemetry/(?!api/)' },
    },
    {
      name: 'tracing-sdk-is-loaded-on-demand',
      severity: 'error',
      from: {},
      to: { path: '^libs/observability/src/tracing/sdk\\.ts$', dynamic: false },
    },
    {
      name: 'locks-know-nothing-of-tracing',
      severity: 'error',
      from: { path: '^libs/', pathNot: '^libs/observability/' },
      to: { path: 'node_modules/@opentelemetry/' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules(?!/@opentelemetry))/' },
    tsPreCompilationDeps: true, // type imports are dependencies too
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
};

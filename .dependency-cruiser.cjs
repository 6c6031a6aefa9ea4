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
      from: { path: '^apps/(?!lab/)[^/]+/src' },
      to: { circular: true },
    },
    {
      name: 'libs-know-no-app',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-know-no-other-app',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'foundation-libs-stand-alone',
      comment:
        'lock, servers, process, waiting-room, config, observability and payments depend on no other lib; their tests may use libs/testing',
      severity: 'error',
      from: {
        path: '^libs/(lock|servers|process|waiting-room|config|observability|payments)/src/',
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
      name: 'tools-serve-development-only',
      comment: 'the fault lab is development itself: it starts servers and kills them',
      severity: 'error',
      from: {
        path: '^(apps|libs)/',
        pathNot: ['^libs/testing/', '^(apps|libs)/[^/]+/test/', 'spec\\.ts$', '^apps/lab/src/faults/'],
      },
      to: { path: '^tools/' },
    },
    {
      name: 'load-tests-stand-alone',
      comment: 'k6 runs them without the application: they know it by HTTP',
      severity: 'error',
      from: { path: '^load-tests/' },
      to: { path: '^(apps|libs|tools)/' },
    },
    {
      name: 'dashboard-stands-alone',
      comment: 'a browser runs it: it knows the application by HTTP',
      severity: 'error',
      from: { path: '^apps/dashboard/src/' },
      to: { path: '^(libs|tools|apps/(?!dashboard/src/))' },
    },
    {
      name: 'testing-is-for-tests',
      comment: 'and for the fault lab, which tries the application as tests do',
      severity: 'error',
      from: {
        path: '^(apps|libs)/[^/]+/src/',
        pathNot: ['^libs/testing/', 'spec\\.ts$', '^apps/lab/src/faults/'],
      },
      to: { path: '^libs/testing/' },
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

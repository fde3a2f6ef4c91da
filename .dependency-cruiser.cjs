/** Import directions of src/ (docs/development.md): down only, and no cycles. */
const within = (...folders) => `^src/(?:${folders.join('|')})/`;
const pure = within('stac', 'geo', 'cql2', 'search');

/** What a folder may import from src/ besides itself; errors.ts, package-root.ts and read-exactly.ts are open to all. */
const may = {
  stac: ['geo'],
  geo: [],
  cql2: ['stac', 'geo'],
  search: ['stac', 'geo', 'cql2'],
  rucio: ['stac', 'geo'],
  raster: ['stac', 'geo'],
  render: ['raster', 'stac', 'geo'],
  s3: ['stac', 'geo'],
  db: ['search', 'cql2', 'stac', 'geo'],
  ingest: ['rucio', 'raster', 'render', 's3', 'db', 'search', 'stac', 'geo'],
  sync: ['ingest', 'rucio', 's3', 'db', 'search', 'stac', 'geo'],
  parquet: ['stac', 'geo'],
  load: ['parquet', 'db', 'search', 'stac', 'geo'],
  browser: ['db'],
  http: ['search', 'stac', 'geo', 'db', 'rucio', 's3', 'browser'],
  extensions: ['parquet', 'http', 'search', 'cql2', 'stac', 'geo', 'db', 'rucio', 'raster', 'render'],
};

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...Object.entries(may).map(([folder, targets]) => ({
      name: `${folder}-imports-down`,
      severity: 'error',
      from: { path: within(folder) },
      to: {
        path: '^src/',
        pathNot: [
          within(folder, ...targets),
          '^src/(?:errors|package-root|read-exactly)\\.ts$',
          '^src/config\\.ts$',
        ],
      },
    })),
    {
      name: 'pure-is-pure',
      comment: 'Pure folders do no I/O but what ships in the package',
      severity: 'error',
      from: { path: pure },
      to: { dependencyTypes: ['core'], path: '^(?:net|http|https|child_process|worker_threads|dgram|tls)$' },
    },
    {
      name: 'express-at-the-rim',
      severity: 'error',
      from: { pathNot: '^(?:src/app\\.ts|src/http/|test/|bench/)' },
      to: { path: '^node_modules/(?:express|cors|compression)/' },
    },
    {
      name: 'sdk-in-s3',
      severity: 'error',
      from: { pathNot: '^(?:src/s3/|test/)' },
      to: { path: '^node_modules/@aws-sdk/' },
    },
    {
      name: 'not-from-tests',
      severity: 'error',
      from: { path: '^(?:src|migrations)/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // What the page of STAC Browser is built of has packages of its own.
    exclude: { path: '^(?:dist|src/browser/page)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};

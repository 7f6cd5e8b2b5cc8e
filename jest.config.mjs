/** Runs every package's unit and integration tests as native ES modules, TypeScript stripped by SWC. */
export default {
  roots: ['<rootDir>/packages', '<rootDir>/scripts'],
  testMatch: ['**/*.test.ts'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript', decorators: false }, target: 'es2024' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/'],
  testSequencer: '<rootDir>/scripts/longest-first.mjs',
  testTimeout: 120_000,
  modulePathIgnorePatterns: ['<rootDir>/.cache/'],
};

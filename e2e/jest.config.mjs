import base from '../jest.config.mjs';

/** End-to-end tests: real clusters, one after the other. */
export default { ...base, rootDir: '..', roots: ['<rootDir>/e2e'], testMatch: ['**/*.e2e.ts'], testTimeout: 300_000 };

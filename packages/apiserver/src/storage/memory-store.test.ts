import { describe } from '@jest/globals';
import { MemoryStore } from './memory-store.ts';
import { storeContract } from './store-contract.spec.ts';

describe('MemoryStore', () => {
  storeContract(async () => {
    const store = new MemoryStore();
    return { store, close: () => store.close() };
  });
});

import { describe } from '@jest/globals';
import { storeContract } from './store-contract.spec.ts';
import { MemoryStore } from './memory-store.ts';

describe('MemoryStore', () => {
  storeContract(async () => {
    const store = new MemoryStore();
    return { store, close: () => store.close() };
  });
});

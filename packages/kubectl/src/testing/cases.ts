import { applyCases } from './cases-apply.ts';
import { certificateCases } from './cases-certificate.ts';
import { changeCases } from './cases-change.ts';
import { createCases } from './cases-create.ts';
import { customCases } from './cases-custom.ts';
import { drainCases } from './cases-drain.ts';
import { ingressCases } from './cases-ingress.ts';
import { quotaCases } from './cases-quota.ts';
import { readCases } from './cases-read.ts';
import { storageCases } from './cases-storage.ts';
import type { Case } from './differential.ts';

/** Everything both kubectls are told to do. */
export const cases: readonly Case[] = [
  ...readCases,
  ...createCases,
  ...applyCases,
  ...changeCases,
  ...drainCases,
  ...certificateCases,
  ...storageCases,
  ...ingressCases,
  ...quotaCases,
  ...customCases,
];

import { agreeOn } from './testing/agreement.ts';
import { certificateCases } from './testing/cases-certificate.ts';
import { customCases } from './testing/cases-custom.ts';
import { drainCases } from './testing/cases-drain.ts';
import { ingressCases } from './testing/cases-ingress.ts';
import { quotaCases } from './testing/cases-quota.ts';
import { storageCases } from './testing/cases-storage.ts';

agreeOn([...drainCases, ...certificateCases, ...storageCases, ...ingressCases, ...quotaCases, ...customCases]);

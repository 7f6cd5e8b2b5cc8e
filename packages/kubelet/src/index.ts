export { type KubeletOptions, runKubelet } from './kubelet.ts';

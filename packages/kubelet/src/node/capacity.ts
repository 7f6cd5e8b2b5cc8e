import { Quantity } from '@coracle/api/meta/quantity';
import type { KubeletConfiguration } from '../config/kubelet-configuration.ts';
import type { FileSystem, Machine } from './machine.ts';

export interface NodeResources {
  capacity: Record<string, string>;
  /** What is left for pods after the reservations and the hard eviction thresholds. */
  allocatable: Record<string, string>;
}

type Reservations = Pick<KubeletConfiguration, 'maxPods' | 'systemReserved' | 'kubeReserved' | 'evictionHard'>;

export function nodeResources(machine: Machine, disk: FileSystem, config: Reservations): NodeResources {
  const capacity: Record<string, string> = {
    cpu: String(machine.cpus),
    memory: kibibytes(machine.memory),
    'ephemeral-storage': kibibytes(disk.capacity),
    ...Object.fromEntries(Object.entries(machine.hugepages).map(([name, bytes]) => [name, canonical(bytes)])),
    pods: String(config.maxPods),
  };
  const evicted: Record<string, number> = {
    memory: thresholdOf(config.evictionHard['memory.available'], machine.memory),
    'ephemeral-storage': thresholdOf(config.evictionHard['nodefs.available'], disk.capacity),
  };
  const huge = Object.values(machine.hugepages).reduce((sum, each) => sum + each, 0);
  const allocatable: Record<string, string> = {};
  for (const [name, text] of Object.entries(capacity)) {
    if (name === 'cpu') {
      allocatable[name] = milli(Quantity.parse(text).milliValue() - reserved(config, name, true));
      continue;
    }
    const taken = Number(reserved(config, name, false)) + (evicted[name] ?? 0) + (name === 'memory' ? huge : 0);
    const left = Math.max(0, Number(Quantity.parse(text).value()) - taken);
    if (taken === 0) allocatable[name] = text;
    // As upstream, disk space is told in bytes once something was taken from it.
    else allocatable[name] = name === 'ephemeral-storage' ? String(Math.floor(left)) : kibibytes(left);
  }
  return { capacity, allocatable };
}

/** An eviction threshold in units: a share of the whole, or an amount. */
export function thresholdOf(text: string | undefined, whole: number): number {
  if (text === undefined) return 0;
  if (text.endsWith('%')) return Math.floor((whole * Number(text.slice(0, -1))) / 100);
  return Number(Quantity.parse(text).value());
}

function reserved({ systemReserved, kubeReserved }: Reservations, name: string, inMilli: boolean): bigint {
  let sum = 0n;
  for (const list of [systemReserved, kubeReserved]) {
    const text = list[name];
    if (text !== undefined) sum += inMilli ? Quantity.parse(text).milliValue() : Quantity.parse(text).value();
  }
  return sum;
}

const kibibytes = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;
const milli = (value: bigint): string => (value % 1000n === 0n ? String(value / 1000n) : `${value}m`);

function canonical(bytes: number): string {
  if (bytes === 0) return '0';
  for (const [suffix, size] of [
    ['Gi', 1024 ** 3],
    ['Mi', 1024 ** 2],
    ['Ki', 1024],
  ] as const) {
    if (bytes % size === 0) return `${bytes / size}${suffix}`;
  }
  return String(bytes);
}

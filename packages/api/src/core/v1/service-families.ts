import { isIP } from 'node:net';
import type { Service, ServiceSpec } from '../../generated/core/v1.ts';
import { append } from '../../meta/append.ts';
import { duplicate, type FieldError, invalid, malformed, notSupported, type Path } from '../../meta/field-path.ts';
import { isIp } from '../../meta/names.ts';
import { deepEqual } from '../../meta/object.ts';
import { repeats } from '../../meta/repeats.ts';

const families = ['IPv4', 'IPv6'];
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** Errors of a service's addresses and their families (KEP-563); it is no ExternalName. `at` is where the spec is. */
export function validateAddressFamilies(spec: ServiceSpec, at: Path): FieldError[] {
  const { clusterIP, clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const path = at.child('clusterIPs');
  const errors: FieldError[] = [];
  if (!clusterIP && clusterIPs.length > 0)
    errors.push(invalid(path, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  else if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP)
    errors.push(invalid(path, clusterIPs, 'first value must match `clusterIP`'));
  const repeated = repeats(ipFamilies);
  for (const [i, family] of ipFamilies.entries()) {
    const where = at.child('ipFamilies').index(i);
    if (!families.includes(family)) errors.push(notSupported(where, family, families));
    if (repeated.has(i)) errors.push(duplicate(where, family));
  }
  if (ipFamilyPolicy !== undefined && !policies.includes(ipFamilyPolicy))
    errors.push(notSupported(at.child('ipFamilyPolicy'), ipFamilyPolicy, policies));
  if (clusterIPs[0] === 'None') {
    if (clusterIPs.length > 1) errors.push(invalid(path, clusterIPs, "'None' must be the first and only value"));
    return errors;
  }
  const wrong = clusterIPs.flatMap((address, i) => (address === '' ? [] : malformed(path.index(i), address, isIp)));
  if (clusterIPs.length > 2) wrong.push(invalid(path, clusterIPs, 'may only hold up to 2 values'));
  if (wrong.length > 0) return [...errors, ...wrong];
  if (clusterIPs.length > 1 && isIP(clusterIPs[0]!) === isIP(clusterIPs[1]!))
    errors.push(invalid(path, clusterIPs, 'may specify no more than one IP for each IP family'));
  for (const [i, address] of clusterIPs.entries()) {
    const family = ipFamilies[i];
    if (address === '' || family === undefined || family === `IPv${isIP(address)}`) continue;
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${i}]\``;
    errors.push(invalid(path.index(i), address, detail));
  }
  return errors;
}

/** Errors of a change: what a service has of addresses it keeps, a second one aside, and the class of its load balancer. */
export function validateServiceUpdate(it: Service, old: Service, at: Path): FieldError[] {
  const [{ spec }, before] = [it, old.spec];
  const path = at.child('spec');
  const errors: FieldError[] = [];
  if (before.type !== 'ExternalName' && spec.type !== 'ExternalName') {
    const addresses = (of: ServiceSpec) => (of.clusterIPs?.length ? of.clusterIPs : of.clusterIP ? [of.clusterIP] : []);
    append(
      errors,
      validateKept(addresses(spec), addresses(before), spec, path, 'clusterIPs'),
      validateKept(spec.ipFamilies ?? [], before.ipFamilies ?? [], spec, path, 'ipFamilies'),
    );
  }
  const isBalanced = spec.type === 'LoadBalancer' && before.type === 'LoadBalancer';
  if (isBalanced && !deepEqual(spec.loadBalancerClass, before.loadBalancerClass))
    errors.push(invalid(path.child('loadBalancerClass'), spec.loadBalancerClass ?? null, 'may not change once set'));
  return errors;
}

function validateKept(
  now: readonly string[],
  before: readonly string[],
  { ipFamilyPolicy }: ServiceSpec,
  at: Path,
  field: 'clusterIPs' | 'ipFamilies',
): FieldError[] {
  if (before.length === 0) return [];
  const path = at.child(field);
  const one = field === 'clusterIPs' ? 'clusterIP' : 'ipFamily';
  if (now.length === 0) return [invalid(path.index(0), now, `primary ${one} can not be unset`)];
  const errors: FieldError[] = [];
  const kept = now.length === before.length ? before.length : 1;
  for (let i = 0; i < kept; i++)
    if (before[i] !== now[i]) errors.push(invalid(path.index(i), now, 'may not change once set'));
  if (now.length < before.length && ipFamilyPolicy !== 'SingleStack') {
    const detail = `must be set to 'SingleStack' when releasing the secondary ${one}`;
    errors.push(invalid(at.child('ipFamilyPolicy'), ipFamilyPolicy ?? null, detail));
  }
  return errors;
}

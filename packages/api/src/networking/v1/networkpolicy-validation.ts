import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../../generated/networking/v1.ts';
import { isStrictlyInside } from '../../meta/addresses.ts';
import { append } from '../../meta/append.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  malformed,
  notSupported,
  type Path,
  required,
} from '../../meta/field-path.ts';
import { isCidr, isPortName, isPortNumber } from '../../meta/names.ts';
import { validateLabelSelector } from '../../meta/validate-selector.ts';
import { isUnambiguousCidr } from './range-form.ts';

const protocols = ['TCP', 'UDP', 'SCTP'];
const policyTypes = ['Ingress', 'Egress'];

/** Errors of a network policy. */
export function validateNetworkPolicy({ spec }: NetworkPolicy, base: Path): FieldError[] {
  const at = base.child('spec');
  const errors = validateLabelSelector(spec.podSelector, at.child('podSelector'));
  for (const [i, { ports, from }] of (spec.ingress ?? []).entries())
    append(errors, validateRule(ports, from, at.child('ingress').index(i), 'from'));
  for (const [i, { ports, to }] of (spec.egress ?? []).entries())
    append(errors, validateRule(ports, to, at.child('egress').index(i), 'to'));
  const types = spec.policyTypes ?? [];
  const path = at.child('policyTypes');
  if (types.length > policyTypes.length)
    return [...errors, invalid(path, types, 'may not specify more than two policyTypes')];
  for (const [i, type] of types.entries())
    if (!policyTypes.includes(type)) errors.push(notSupported(path.index(i), type, policyTypes));
  return errors;
}

function validateRule(
  ports: readonly NetworkPolicyPort[] | undefined,
  peers: readonly NetworkPolicyPeer[] | undefined,
  at: Path,
  direction: 'from' | 'to',
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, port] of (ports ?? []).entries()) append(errors, validatePort(port, at.child('ports').index(i)));
  for (const [i, peer] of (peers ?? []).entries()) append(errors, validatePeer(peer, at.child(direction).index(i)));
  return errors;
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol !== undefined && !protocols.includes(protocol))
    errors.push(notSupported(at.child('protocol'), protocol, protocols));
  const end = at.child('endPort');
  const number = (where: Path, value: number) => isPortNumber(value).map((message) => invalid(where, value, message));
  if (typeof port === 'number') {
    append(errors, number(at.child('port'), port));
    if (endPort === undefined) return errors;
    if (endPort < port) errors.push(invalid(end, port, 'must be greater than or equal to `port`'));
    return [...errors, ...number(end, endPort)];
  }
  if (endPort !== undefined) {
    const why = port === undefined ? 'is not specified' : 'is non-numeric';
    errors.push(invalid(end, endPort, `may not be specified when \`port\` ${why}`));
  }
  return port === undefined ? errors : [...errors, ...malformed(at.child('port'), port, isPortName)];
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, at: Path): FieldError[] {
  if (!podSelector && !namespaceSelector && !ipBlock) return [required(at, 'must specify a peer')];
  const errors = [
    ...validateLabelSelector(podSelector, at.child('podSelector')),
    ...validateLabelSelector(namespaceSelector, at.child('namespaceSelector')),
  ];
  if (!ipBlock) return errors;
  append(errors, validateBlock(ipBlock, at.child('ipBlock')));
  if (podSelector || namespaceSelector) errors.push(forbidden(at, 'may not specify both ipBlock and another peer'));
  return errors;
}

/** The ranges of a policy, with where they are. */
export function* rangesOf({ spec }: NetworkPolicy, base: Path): Generator<[at: Path, range: string]> {
  const at = base.child('spec');
  for (const [i, { from = [] }] of (spec.ingress ?? []).entries())
    if (from.length > 0) yield* rangesOfPeers(from, at.child('ingress').index(i).child('from'));
  for (const [i, { to = [] }] of (spec.egress ?? []).entries())
    if (to.length > 0) yield* rangesOfPeers(to, at.child('egress').index(i).child('to'));
}

function* rangesOfPeers(peers: readonly NetworkPolicyPeer[], at: Path): Generator<[at: Path, range: string]> {
  for (const [i, { ipBlock }] of peers.entries()) {
    if (!ipBlock) continue;
    const block = at.index(i).child('ipBlock');
    yield [block.child('cidr'), ipBlock.cidr];
    for (const [j, each] of (ipBlock.except ?? []).entries()) yield [block.child('except').index(j), each];
  }
}

function validateBlock({ cidr, except = [] }: IPBlock, at: Path): FieldError[] {
  if (!cidr) return [required(at.child('cidr'))];
  const errors = malformed(at.child('cidr'), cidr, isUnambiguousCidr);
  if (isCidr(cidr).length > 0) return errors;
  for (const [i, each] of except.entries()) {
    const path = at.child('except').index(i);
    append(errors, malformed(path, each, isUnambiguousCidr));
    if (isCidr(each).length === 0 && !isStrictlyInside(each, cidr))
      errors.push(invalid(path, each, 'must be a strict subset of `cidr`'));
  }
  return errors;
}

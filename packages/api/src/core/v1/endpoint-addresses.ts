import { type FieldError, invalid, type Path } from '../../meta/field-path.ts';

const specialIps: readonly (readonly [RegExp, string])[] = [
  [/^(0\.0\.0\.0|::)$/, 'may not be unspecified'],
  [/^(127\.|::1$)/, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [/^(169\.254\.|fe[89ab][0-9a-f]:)/i, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [/^(224\.0\.0\.|ff02:)/i, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
];

/** Addresses that would send a service's traffic to the one who asks. */
export function endpointIpErrors(ip: string, at: Path): FieldError[] {
  return specialIps.filter(([range]) => range.test(ip)).map(([, message]) => invalid(at, ip, message));
}

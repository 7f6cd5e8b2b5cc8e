import type { AnyContainer } from '../pods/names.ts';

/** The number of a port given as number or as name of one of the container's ports. Throws when there is none. */
export function portOf(port: number | string, container: AnyContainer): number {
  if (typeof port === 'number') return checked(port);
  const named = container.ports?.find((each) => each.name === port);
  if (named) return checked(named.containerPort);
  const number = Number(port);
  if (!Number.isInteger(number)) throw new Error(`couldn't find port: "${port}" in pod container "${container.name}"`);
  return checked(number);
}

function checked(port: number): number {
  if (port > 0 && port < 65_536) return port;
  throw new Error(`invalid port number: ${port}`);
}

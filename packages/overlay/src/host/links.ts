import { rows } from './run.ts';

/** An IPv4 address of a link. */
export interface LinkAddress {
  address: string;
  /** Length of the prefix that is on the link. */
  length: number;
  /** What `ip` calls the address: the name of the link, unless somebody labelled it. */
  label: string;
}

/** What a VXLAN device is made with and cannot change. */
export interface VxlanParameters {
  vni: number;
  local: string;
  /** Name of the interface packets leave by. */
  link: string;
  port: number;
  learning: boolean;
}

export interface Link {
  name: string;
  up: boolean;
  mtu: number;
  mac: string;
  addresses: LinkAddress[];
  vxlan: VxlanParameters | undefined;
  isBridge: boolean;
}

interface Row {
  ifname?: string;
  flags?: string[];
  mtu?: number;
  address?: string;
  addr_info?: { family?: string; local?: string; prefixlen?: number; label?: string }[];
  linkinfo?: {
    info_kind?: string;
    info_data?: { id?: number; local?: string; link?: string; port?: number; learning?: boolean };
  };
}

/** The machine's links, with their addresses. */
export async function readLinks(): Promise<Link[]> {
  // A link that goes while they are listed leaves an empty row.
  return (await rows<Row>('ip', '-details', 'addr', 'show')).filter((row) => row.ifname !== undefined).map(linkOf);
}

function linkOf(row: Row): Link {
  const { info_kind: kind, info_data: data = {} } = row.linkinfo ?? {};
  return {
    name: row.ifname!,
    up: row.flags?.includes('UP') ?? false,
    mtu: row.mtu ?? 0,
    mac: row.address ?? '',
    addresses: (row.addr_info ?? [])
      .filter((each) => each.family === 'inet' && each.local !== undefined)
      .map((each) => ({ address: each.local!, length: each.prefixlen ?? 32, label: each.label ?? '' })),
    vxlan:
      kind === 'vxlan'
        ? {
            vni: data.id ?? 0,
            local: data.local ?? '',
            link: data.link ?? '',
            port: data.port ?? 0,
            learning: data.learning ?? true,
          }
        : undefined,
    isBridge: kind === 'bridge',
  };
}

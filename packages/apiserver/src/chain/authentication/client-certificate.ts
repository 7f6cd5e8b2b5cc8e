import { createHash, X509Certificate } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { uidAttribute } from '@coracle/process/pki/uid-attribute';
import { type Authenticated, type Authenticator, connectionOf, InvalidCredential } from './authenticator.ts';

/** The certificates of a PEM bundle. Throws when there is none. */
export function certificatesIn(bundle: string): X509Certificate[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g);
  if (!blocks) throw new Error('data does not contain any valid RSA or ECDSA certificates');
  return blocks.map((block) => new X509Certificate(block));
}

/** A client's certificate that TLS has verified against all the authorities the server trusts, and its chain, leaf first. */
export interface VerifiedCertificate {
  readonly leaf: X509Certificate;
  readonly chain: readonly X509Certificate[];
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** What it has under the attribute for uids. */
  readonly uids: readonly string[];
}

/** The client's certificate; undefined without one. Throws when TLS could not verify it, or it has expired since. */
export function peerOf(socket: TLSSocket): VerifiedCertificate | undefined {
  const leaf = socket.getPeerX509Certificate();
  if (!leaf) return undefined;
  if (!socket.authorized) {
    throw new InvalidCredential(`x509: certificate was not verified: ${socket.authorizationError ?? 'unknown reason'}`);
  }
  const now = Date.now();
  if (leaf.validToDate.getTime() < now)
    throw new InvalidCredential('x509: certificate has expired or is not yet valid');
  const subject = (socket.getPeerCertificate() as PeerCertificate).subject as Readonly<NodeJS.Dict<string | string[]>>;
  const chain = [leaf];
  for (let issuer = leaf.issuerCertificate; issuer && chain.length < 10; issuer = issuer.issuerCertificate) {
    chain.push(issuer);
    if (issuer.issuerCertificate?.fingerprint256 === issuer.fingerprint256) break;
  }
  const { CN, O, [uidAttribute]: uid } = subject;
  return { leaf, chain, commonName: all(CN).at(-1) ?? '', organizations: all(O), uids: all(uid) };
}

/** Whether one of the authorities signed the certificate, directly or through the chain the client sent. */
export function issuedBy(authorities: readonly X509Certificate[], chain: readonly X509Certificate[]): boolean {
  return chain.some((certificate) =>
    authorities.some((authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey)),
  );
}

function all(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/**
 * Users by client certificate: the common name is the user, the organizations are its groups
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates). `authorities` come from
 * `--client-ca-file`. What a connection proved is remembered with it. `observe` is told for each request how long its certificate is still good.
 */
export function clientCertificates(
  authorities: readonly X509Certificate[],
  observe: (secondsLeft: number) => void,
): Authenticator {
  const known = new WeakMap<TLSSocket, { answer: Authenticated | undefined; until: number }>();
  return {
    authenticate({ req }) {
      const socket = connectionOf(req);
      if (!socket) return undefined;
      const remembered = known.get(socket);
      const left = (until: number) => (until - Date.now()) / 1000;
      if (remembered && Date.now() < remembered.until) {
        if (remembered.answer) observe(left(remembered.until));
        return remembered.answer;
      }
      const peer = peerOf(socket);
      const answer = peer && userOf(peer, authorities);
      const until = peer ? peer.leaf.validToDate.getTime() : Number.POSITIVE_INFINITY;
      known.set(socket, { answer, until });
      if (answer) observe(left(until));
      return answer;
    },
  };
}

function userOf(peer: VerifiedCertificate, authorities: readonly X509Certificate[]): Authenticated | undefined {
  if (!issuedBy(authorities, peer.chain)) {
    throw new InvalidCredential('x509: certificate signed by unknown authority');
  }
  if (peer.commonName === '') return undefined;
  const fingerprint = createHash('sha256').update(peer.leaf.raw).digest('hex');
  return {
    user: {
      name: peer.commonName,
      uid: uidOf(peer.uids),
      groups: [...peer.organizations],
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
    },
  };
}

/** The uid, empty where there is none. Throws where there are several, or one that is empty. */
function uidOf([uid, ...others]: readonly string[]): string {
  if (others.length > 0)
    throw new InvalidCredential(`expected 1 UID, but found multiple: [${[uid, ...others].join(' ')}]`);
  if (uid === '') throw new InvalidCredential('UID cannot be an empty string');
  return uid ?? '';
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ConfigMap } from '../generated/core/v1.ts';
import type { BootstrapToken } from './token.ts';

/*
 * The ConfigMap that tells those who are no part of the cluster yet how to reach it. Everybody may read it, so it carries a signature
 * by each bootstrap token: who holds the token knows that the content is the cluster's.
 */

export const clusterInfo = { name: 'cluster-info', namespace: 'kube-public' } as const;
/** The key of the kubeconfig, which names server and authority and holds no credentials. */
export const clusterInfoKubeconfigKey = 'kubeconfig';
const signaturePrefix = 'jws-kubeconfig-';

/** The key of the signature by the token of that id. */
export const signatureKey = (tokenId: string): string => `${signaturePrefix}${tokenId}`;

/** The signatures of a cluster-info, by key. */
export function signaturesOf(info: ConfigMap): Record<string, string> {
  return Object.fromEntries(Object.entries(info.data ?? {}).filter(([key]) => key.startsWith(signaturePrefix)));
}

/**
 * Signs a text with a token: a JSON Web Signature (RFC 7515, HMAC with SHA-256) in compact form with the payload left out,
 * `<header>..<signature>`.
 */
export function detachedSignature(content: string, token: BootstrapToken): string {
  const header = base64url(JSON.stringify({ alg: 'HS256', kid: token.id }));
  const signature = createHmac('sha256', token.secret)
    .update(`${header}.${base64url(content)}`)
    .digest('base64url');
  return `${header}..${signature}`;
}

/** Whether the token signed the text. The comparison takes a time that tells nothing of the right signature. */
export function isSignedBy(signature: string, content: string, token: BootstrapToken): boolean {
  const given = Buffer.from(signature);
  const right = Buffer.from(detachedSignature(content, token));
  return given.length === right.length && timingSafeEqual(given, right);
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

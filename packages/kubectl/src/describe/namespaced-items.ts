import type { Session } from '../session.ts';

/** The objects of a resource of the core group in a namespace; undefined where the server has no such kind. */
export async function namespacedItems<T>(
  plural: string,
  namespace: string,
  session: Session,
): Promise<T[] | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  try {
    const list = await session.rest.json<{ items: T[] | null }>('GET', path);
    return list.items ?? [];
  } catch (error) {
    if ((error as { reason?: string }).reason !== 'NotFound') throw error;
    return undefined;
  }
}

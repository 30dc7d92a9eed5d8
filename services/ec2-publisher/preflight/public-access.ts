import type { Region } from '../aws/region.ts'

/** What keeps images, and snapshots where those are to be shared too, from being public in this region. */
export async function blockedPublicAccess({ ec2, name }: Region, withSnapshots: boolean): Promise<string[]> {
  const { ImageBlockPublicAccessState: images, ManagedBy: by } = await ec2.getImageBlockPublicAccessState({})
  const snapshots = withSnapshots ? await ec2.getSnapshotBlockPublicAccessState({}) : null
  return [
    ...inWords(`public images are blocked in ${name}`, images, by, 'DisableImageBlockPublicAccess'),
    ...inWords(
      `public snapshots are blocked in ${name}`,
      snapshots?.State,
      snapshots?.ManagedBy,
      'DisableSnapshotBlockPublicAccess',
    ),
  ]
}

function inWords(what: string, state: string | undefined, by: string | undefined, action: string): string[] {
  if (state === undefined || state === 'unblocked') return []
  const how =
    by === 'declarative-policy'
      ? 'an organization policy sets it: ask those who manage it'
      : `call ${action} there; it takes effect within 10 minutes`
  return [`${what} (${state}); ${how}`]
}

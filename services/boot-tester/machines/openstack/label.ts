import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { isOwnerAlive, ownerOfThisProcess } from '#service/owner.ts'

const prefix = 'imagedrop-boot-test'

/** What everything that a boot makes in a cloud is marked with: who made it, and until when it may be needed. */
export function newLabel(nonce: string, until: Date): string {
  const [, pid = '', start = ''] = ownerOfThisProcess().split('/')
  return [prefix, nonce, String(Math.ceil(until.getTime() / 1000)), hostDigest(), pid, start].join('-')
}

/** Whether a label is of ours, and nobody needs any more what carries it: its time is over, or its process has ended. */
export function isAbandoned(label: string, now: Date): boolean {
  const parts = pattern.exec(label)?.groups
  if (!parts) return false
  const { until, host, pid = '', start = '' } = parts
  if (Number(until) * 1000 < now.getTime()) return true
  return host === hostDigest() && !isOwnerAlive(`${hostname()}/${pid}/${start}`)
}

const pattern = new RegExp(
  `^${prefix}-(?<nonce>[0-9a-f]+)-(?<until>\\d+)-(?<host>[0-9a-f]{8})-(?<pid>\\d+)-(?<start>\\d+)$`,
)

/** A host's name may hold what the name of a key may not. */
function hostDigest(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8)
}

import type { TreeEntry } from '#image/tree.ts'
import { covers } from '../../expectations/expectations.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

const everybodyMayWrite = 0o002
const sticky = 0o1000

/** Everybody's folders, which are so on every system. */
const usual = new Set(['/tmp', '/var/tmp', '/var/lock', '/run/lock'])

/** Nobody leaves something for others to run. */
export const worldWritable: DiskCheck = {
  name: 'world-writable',
  description: 'everybody may write to temporary folders only, in which nobody may remove what is of others',
  severity: 'error',
  rule: 'CoreOS, kola, files.world-writable; Debian Policy, 10.9',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ tree, expected }) => {
    const isListed = covers(expected?.worldWritable ?? [])
    const found = [...tree.entries.values()].filter(isWritable).filter(({ path }) => !isListed(path))
    return passedIfNone(
      found.filter((entry) => !isTemporary(entry)).map(({ path, mode }) => `${path} (${mode.toString(8)})`),
      found.map(({ path }) => path).join(', '),
    )
  },
}

function isWritable({ type, mode }: TreeEntry): boolean {
  return (type === 'file' || type === 'directory') && (mode & everybodyMayWrite) !== 0
}

function isTemporary({ path, mode }: TreeEntry): boolean {
  return usual.has(path) && (mode & sticky) !== 0
}

import { copyRpmDatabase } from '#image/facts/rpm.ts'
import { run } from '#subprocess/run.ts'
import type { System } from './disk.ts'
import { digestOf, type Verified } from './verify-dpkg.ts'

const mark = 'file|'
const format = `[${mark}%{FILEDIGESTS}|%{FILEFLAGS}|%{FILESTATES}|%{FILENAMES}\\n]`

/** Of rpm's flags of a file (rpmfiles.h): it may be edited, need not be there, or is only owned. */
const configuration = 1
const missingOk = 8
const ghost = 64

/** Holds files to the digests of rpm. Configuration may be changed, and what was not installed may be missing, as for `rpm -Va`. */
export async function verifyRpm({ tree, scratch, signal }: System): Promise<Verified> {
  const database = await copyRpmDatabase(tree, scratch)
  if (database === null) return { files: 0, faults: [] }
  const listed: { path: string; digest: string; flags: number }[] = []
  await run('rpm', ['--dbpath', database.copy, '--query', '--all', '--queryformat', format], {
    signal,
    deadline: 300_000,
    onLine: (line) => {
      const [, digest = '', flags, state, path = ''] = /^file\|([0-9a-f]*)\|(\d+)\|(\d+)\|(.*)$/s.exec(line) ?? []
      // Only what was installed, and is not a folder or a link, which have no digest.
      if (Number(state) === 0 && digest !== '') listed.push({ path, digest, flags: Number(flags) })
    },
  })
  const faults: Verified['faults'][number][] = []
  for (const { path, digest, flags } of listed.filter(({ flags }) => (flags & ghost) === 0)) {
    signal.throwIfAborted()
    const entry = tree.find(path)
    if (entry?.type !== 'file') {
      if ((flags & missingOk) === 0) faults.push({ path, what: 'is missing' })
    } else if ((flags & configuration) === 0) {
      const found = await digestOf(entry, digest.length === 32 ? 'md5' : 'sha256')
      if (found !== digest) faults.push({ path, what: 'is changed' })
    }
  }
  return { files: listed.length, faults }
}

import { isPrivileged } from '../../disk/is-privileged.ts'
import { covers } from '../../expectations/expectations.ts'
import { passedIfNone, skipped, type DiskCheck } from '../check.ts'

/** Nobody gets the rights of another by a program that nobody knows of. */
export const privilegedFiles: DiskCheck = {
  name: 'privileged-files',
  description:
    'programs that run with the rights of another (setuid, setgid, capabilities) are on the list, and only root may change them',
  severity: 'error',
  rule: 'CoreOS, kola, files.setuid and files.setgid; Debian Policy, 10.9',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ tree, expected }) => {
    if (expected === null) return skipped('what the distribution has is not written down')
    const isListed = covers(expected.privileged)
    const privileged = [...tree.entries.values()].filter(isPrivileged)
    return passedIfNone(
      [
        ...privileged.filter(({ path }) => !isListed(path)).map(({ path, mode }) => `${path} (${mode.toString(8)})`),
        ...privileged.filter(({ mode }) => (mode & 0o022) !== 0).map(({ path }) => `${path} may be changed by others`),
      ],
      `${String(privileged.length)} files, all on the list`,
    )
  },
}

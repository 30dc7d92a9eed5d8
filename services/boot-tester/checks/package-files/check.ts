import type { System } from '../../disk/disk.ts'
import { verifyDpkg, type Verified } from '../../disk/verify-dpkg.ts'
import { verifyRpm } from '../../disk/verify-rpm.ts'
import { covers } from '../../expectations/expectations.ts'
import { passedIfNone, skipped, type DiskCheck } from '../check.ts'

/** What people run is what the distribution has signed. */
export const packageFiles: DiskCheck = {
  name: 'package-files',
  description: 'the files of packages are as the packages brought them, but for what the recipe changes',
  severity: 'error',
  rule: 'dpkg(1), --verify; rpm(8), "Verify"; Fedora, First-class cloud images, "How to test"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async (system) => {
    if (system.packages.fault !== null) return skipped('the package database cannot be read')
    const { files, faults } = await verifyAll(system)
    if (files === 0) return skipped('the package database has no digests')
    const isChanged = covers(system.expected?.changedFiles ?? [])
    return passedIfNone(
      faults.filter(({ path }) => !isChanged(path)).map(({ path, what }) => `${path} ${what}`),
      `${String(files)} files`,
    )
  },
}

async function verifyAll(system: System): Promise<Verified> {
  const [dpkg, rpm] = [await verifyDpkg(system), await verifyRpm(system)]
  return { files: dpkg.files + rpm.files, faults: [...dpkg.faults, ...rpm.faults] }
}

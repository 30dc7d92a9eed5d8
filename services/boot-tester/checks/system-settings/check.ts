import { readSettings } from '../../disk/settings.ts'
import { passedIfNone, skipped, type DiskCheck } from '../check.ts'

/** People find the machine as the distribution sets it up for clouds. */
export const systemSettings: DiskCheck = {
  name: 'system-settings',
  description: "default target, time zone, language and journal are as the distribution's own cloud images have them",
  severity: 'error',
  rule: 'Fedora, First-class cloud images, "How to test"; systemd-journald(8), Storage=',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async ({ tree, expected }) => {
    if (expected === null) return skipped('what the distribution has is not written down')
    const found = await readSettings(tree)
    const names = Object.keys(found) as (keyof typeof found)[]
    return passedIfNone(
      names
        .filter((name) => found[name] !== expected.settings[name])
        .map((name) => `${name} is ${found[name]}, expected is ${expected.settings[name]}`),
      Object.values(found).join(', '),
    )
  },
}

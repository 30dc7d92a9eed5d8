import { covers } from '../../expectations/expectations.ts'
import { passedIfNone, skipped, type DiskCheck } from '../check.ts'

/** What people count on is there, and what only builders need is not. */
export const packageSet: DiskCheck = {
  name: 'package-set',
  description: 'the packages that a cloud image needs are installed, and those that have no place in one are not',
  severity: 'error',
  rule: 'OpenStack image guide, "Image requirements"; Fedora, First-class cloud images, "How to test"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ packages: { facts }, expected }) => {
    if (expected === null) return skipped('what the distribution has is not written down')
    const names = [...facts.keys()].map((key) => key.replace(/:[^:]*$/, ''))
    const missing = expected.neededPackages.filter((one) => !names.some(covers([one])))
    return passedIfNone(
      [
        ...missing.map(({ names: wanted, reason }) => `${wanted.join(' or ')} is missing (${reason})`),
        ...expected.unwantedPackages.flatMap((one) =>
          names.filter(covers([one])).map((name) => `${name} is installed (${one.reason})`),
        ),
      ],
      `${String(names.length)} packages`,
    )
  },
}

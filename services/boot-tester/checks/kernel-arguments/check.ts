import { readBootEntry } from '#image/boot-entry.ts'
import { covers } from '../../expectations/expectations.ts'
import { passedIfNone, skipped, type DiskCheck } from '../check.ts'

/** The kernel speaks on the serial console, and nothing weakens it. */
export const kernelArguments: DiskCheck = {
  name: 'kernel-arguments',
  description:
    'the kernel gets the arguments that its distribution gives it in clouds, with the serial console last, and no others',
  severity: 'error',
  rule: 'OpenStack image guide, "Image requirements: Ensure image writes boot log to console"; kernel, admin-guide/serial-console',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async ({ tree, expected }) => {
    if (expected === null) return skipped('what the distribution has is not written down')
    const entry = await readBootEntry(tree)
    if (entry === null) return skipped('no entry of a boot loader is among the files')
    const given = entry.arguments.split(/\s+/).filter(Boolean)
    const { needed, allowed } = expected.kernelArguments
    const isListed = covers(allowed)
    const inOrder = given.filter((one) => needed.includes(one))
    return passedIfNone(
      [
        ...needed.filter((one) => !given.includes(one)).map((one) => `${one} is not given`),
        ...(inOrder.join(' ') === needed.join(' ') || inOrder.length < needed.length
          ? []
          : [`the order is ${inOrder.join(' ')}, expected is ${needed.join(' ')}`]),
        ...given.filter((one) => !needed.includes(one) && !isListed(one)).map((one) => `${one} is given`),
      ],
      given.join(' '),
    )
  },
}

import type { Aspects } from '#image/description.ts'
import { readUnits } from '#image/facts/units.ts'
import { covers } from '../../expectations/expectations.ts'
import { passedIfNone, skipped, type DiskCheck } from '../check.ts'

/** What starts by itself is what the distribution starts by itself. */
export const enabledUnits: DiskCheck = {
  name: 'enabled-units',
  description:
    'what must start by itself does (ssh, every stage of cloud-init), and nothing else but what is on the list',
  severity: 'error',
  rule: 'OpenStack image guide, "Image requirements"; systemd.preset(5); Fedora, First-class cloud images, "How to test"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: ({ tree, expected }) => {
    if (expected === null) return skipped('what the distribution has is not written down')
    const units = readUnits(tree)
    const enabled = [...units].filter(([name, unit]) => name.startsWith('system ') && isEnabled(unit)).map(nameOf)
    const masked = new Set([...units].filter(([, unit]) => unit['masked'] !== undefined).map(nameOf))
    const needed = expected.neededUnits.map((names) => names.split('|'))
    const isListed = covers(expected.enabledUnits)
    const starts = (name: string) => enabled.includes(name) && !masked.has(name)
    return passedIfNone(
      [
        ...needed
          .filter((names) => !names.some(starts))
          .map(
            (names) => `${names.join(' or ')} is ${names.some((name) => masked.has(name)) ? 'masked' : 'not enabled'}`,
          ),
        ...enabled
          .filter((name) => !isListed(name) && !needed.flat().includes(name))
          .map((name) => `${name} is enabled, which is not on the list`),
      ],
      `${String(enabled.length)} units`,
    )
  },
}

function nameOf([name]: readonly [string, Aspects]): string {
  return name.slice('system '.length)
}

function isEnabled(unit: Aspects): boolean {
  return ['wanted by', 'required by', 'upheld by'].some((relation) => unit[relation] !== undefined)
}

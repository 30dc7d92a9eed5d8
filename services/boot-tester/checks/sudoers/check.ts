import { linesOf, below } from '../../disk/below.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

/** What every distribution ships: root, and the group of administrators, who give their password. */
const usual = /^(root|%(sudo|wheel|admin))\s+ALL\s*=\s*\(ALL(\s*:\s*ALL)?\)\s*ALL$/

/** How a rule begins: not with a setting, an alias or an inclusion. */
const isRule = /^(?!Defaults|@|#include|\w+_Alias\b)/

/** Rights of root are for those to whom cloud-init gives them. */
export const sudoers: DiskCheck = {
  name: 'sudoers',
  description:
    'nobody gets the rights of root by sudo but root and the group of administrators, and only root may change that',
  severity: 'error',
  rule: 'sudoers(5); cloud-init, "Users and groups" (the default user gets its rule at the first boot)',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async ({ tree }) => {
    const entries = [tree.find('/etc/sudoers'), ...below(tree, '/etc/sudoers.d')].filter(
      (entry) => entry?.type === 'file',
    )
    const found: string[] = []
    for (const entry of entries) {
      if (entry === null) continue
      const { path, uid, mode } = entry
      if (uid !== 0 || (mode & 0o022) !== 0) found.push(`${path} may be changed by others than root`)
      const lines = (await linesOf(tree, path)).map((line) => line.replaceAll(/\s+/g, ' '))
      found.push(...lines.filter((line) => isRule.test(line) && !usual.test(line)).map((line) => `${path}: ${line}`))
    }
    return passedIfNone(found, `${String(entries.length)} files`)
  },
}

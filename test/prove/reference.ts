import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Facts } from '#image/description.ts'
import { readHostMirror } from '../../services/builder/packages/host-mirror.ts'
import { withSystem } from '../../services/boot-tester/check-disk.ts'
import { describeDeviation } from '../../services/boot-tester/reference/check.ts'
import { compareWithReference } from '../../services/boot-tester/reference/compare.ts'
import { readSystemFacts, readSystemName, type SystemFacts } from '../../services/boot-tester/reference/facts.ts'
import { readReference, writeReference, type Reference } from '../../services/boot-tester/reference/reference.ts'
import { installDebian } from './reference/install-debian.ts'
import { stopwatch } from './support/stopwatch.ts'

const tools = ['debootstrap', 'mkfs.ext4']

/**
 * Installs the reference of Debian 12 anew, as root, from this host's own mirror, and compares it with the one that is
 * recorded. The new one is left beside, as `debian-12.json`, for who wants to record it. About four minutes on a quiet machine.
 */
export async function prove(): Promise<boolean> {
  const missing = tools.filter((tool) => !['/usr/bin', '/usr/sbin'].some((folder) => existsSync(join(folder, tool))))
  const mirror = await readHostMirror('debian')
  if (missing.length > 0 || mirror === null || process.getuid?.() !== 0) {
    console.log(`it needs root, a Debian mirror in apt's own configuration, and ${tools.join(', ')}`)
    return false
  }
  const clock = stopwatch()
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-reference-'))
  const say = (text: string) => {
    console.log(`${clock()} ${text}`)
  }
  say(`in ${folder}`)
  const disk = join(folder, 'installed.raw')
  const by = await installDebian(disk, { folder, mirror, say })
  const system = await withSystem(disk, { scratch: folder }, async (one) => ({
    facts: known(await readSystemFacts(one)),
    name: await readSystemName(one),
    version: ((await one.tree.text('/etc/debian_version')) ?? '').trim(),
  }))
  await rm(disk)
  const file = join(folder, 'debian-12.json')
  const made = { on: new Date().toISOString().slice(0, 10), ...by, again: 'npm run prove -- reference' }
  const title = `Debian GNU/Linux ${system.version} of x86_64`
  await writeFile(file, writeReference({ system: system.name, title, made, facts: system.facts }))
  say(`its facts: ${file}`)
  const recorded = await readReference('debian-12')
  if (recorded === null) return false
  const none = { warns: [], allowed: [] }
  const { deviations } = compareWithReference(recorded.facts, system.facts, none)
  for (const one of deviations) console.log(describeDeviation(one))
  say(`${String(deviations.length)} differences from the one of ${recorded.made.on}`)
  if (deviations.length === 0) await rm(folder, { recursive: true })
  return deviations.length === 0
}

/**
 * Without what the installer asks people, or does itself: partitions, how they are mounted and started from, package sources,
 * language.
 */
function known(found: SystemFacts): Reference['facts'] {
  const { fstab: _fstab, 'package sources': _sources, 'kernel arguments': _arguments, ...facts } = found
  const only = (section: Facts, names: readonly string[]) =>
    new Map([...section].filter(([name]) => names.includes(name)))
  return {
    ...facts,
    settings: only(facts.settings, ['default target', 'time zone', 'journal']),
    'disk layout': only(facts['disk layout'], ['root']),
  }
}

import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
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
  const [, , , given] = process.argv
  if (given !== undefined) return await install(given)
  const missing = tools.filter((tool) => !['/usr/bin', '/usr/sbin'].some((folder) => existsSync(join(folder, tool))))
  if (missing.length > 0 || process.getuid?.() !== 0) {
    console.log(`it needs root and ${tools.join(', ')}`)
    return false
  }
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-reference-'))
  console.log(`in ${folder}`)
  // Whoever makes a namespace of mounts gets a copy of all that there are, and with it keeps our disk mounted. So it is mounted
  // where nobody else sees it, and is whole when this has ended.
  const again = [process.execPath, join(import.meta.dirname, 'prove.ts'), 'reference', folder]
  await run('unshare', ['--mount', ...again], {
    deadline: 3_600_000,
    onLine: (line) => {
      console.log(line)
    },
  })
  const found = await readInstalled(folder)
  const file = join(folder, 'debian-12.json')
  await writeFile(file, writeReference(found))
  console.log(`its facts: ${file}`)
  const recorded = await readReference(found.system)
  if (recorded === null) return false
  const { deviations } = compareWithReference(recorded, found.facts, { warns: [], allowed: [] })
  for (const one of deviations) console.log(describeDeviation(one))
  console.log(`${String(deviations.length)} differences from the one of ${recorded.made.on}`)
  if (deviations.length === 0) await rm(folder, { recursive: true })
  return deviations.length === 0
}

async function install(folder: string): Promise<boolean> {
  const mirror = await readHostMirror('debian')
  if (mirror === null) throw new Error('apt on this host has no Debian mirror')
  const clock = stopwatch()
  const say = (text: string) => {
    console.log(`${clock()} ${text}`)
  }
  const made = await installDebian(join(folder, 'installed.raw'), { folder, mirror, say })
  await writeFile(join(folder, 'made.json'), JSON.stringify(made))
  return true
}

async function readInstalled(folder: string): Promise<Reference> {
  const disk = join(folder, 'installed.raw')
  const made = JSON.parse(await readFile(join(folder, 'made.json'), 'utf8')) as Pick<Reference['made'], 'by' | 'how'>
  const on = new Date().toISOString().slice(0, 10)
  const reference = await withSystem(disk, { scratch: folder }, async (system) => ({
    system: await readSystemName(system),
    title: `Debian GNU/Linux ${((await system.tree.text('/etc/debian_version')) ?? '').trim()} of x86_64`,
    made: { on, ...made, again: 'npm run prove -- reference' },
    knows: 'all' as const,
    facts: known(await readSystemFacts(system)),
  }))
  await rm(disk)
  return reference
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

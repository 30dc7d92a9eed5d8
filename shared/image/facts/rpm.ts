import { createWriteStream } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { run } from '#subprocess/run.ts'
import type { Aspects } from '../description.ts'
import { contentOf, type Tree } from '../tree.ts'
import type { PackageReading, Packages } from './package-database.ts'

/** Where releases have had it; the first that is there is a directory, the others may be links to it. */
const places = ['/usr/lib/sysimage/rpm', '/var/lib/rpm']

/** Marks our lines among what rpm itself may say. */
const packageMark = 'package|'
const fileMark = 'file|'

const format = `${packageMark}%{NAME}|%{ARCH}|%{EVR}\\n[${fileMark}%{=NAME}|%{=ARCH}|%{FILENAMES}\\n]`

const licenseFormat = `${packageMark}%{NAME}|%{ARCH}|%{LICENSE}\\n`

/** The packages that rpm knows. Its database is copied out, and read by the rpm of this host. */
export async function readRpm(tree: Tree, { scratch, signal }: PackageReading): Promise<Packages> {
  const database = await copyRpmDatabase(tree, scratch)
  if (database === null) return { facts: new Map(), packageOf: () => null, told: () => false }
  const { folder, copy } = database
  const versions = new Map<string, string[]>()
  const owners = new Map<string, string | null>()
  await run('rpm', ['--dbpath', copy, '--query', '--all', '--queryformat', format], {
    deadline: 300_000,
    ...(signal && { signal }),
    onLine(line) {
      const [mark, name = '', architecture = '', rest = ''] = line.split(/\|(.*?)\|(.*?)\|(.*)/s)
      const key = `${name}:${architecture}`
      if (`${String(mark)}|` === packageMark) versions.set(key, [...(versions.get(key) ?? []), rest])
      if (`${String(mark)}|` === fileMark) owners.set(rest, owners.has(rest) ? null : key)
    },
  })
  return {
    facts: new Map(
      [...versions].map(([key, found]): [string, Aspects] => [key, { version: found.toSorted().join(', ') }]),
    ),
    packageOf: (path) => owners.get(path) ?? null,
    told: (path) => posix.dirname(path) === folder,
  }
}

/** What rpm's packages say of their licences, by `name:architecture`: SPDX's words in Fedora 38 and later, others before. */
export async function rpmLicenses(tree: Tree, { scratch, signal }: PackageReading): Promise<Map<string, string>> {
  const database = await copyRpmDatabase(tree, scratch)
  if (database === null) return new Map()
  const { copy } = database
  const licenses = new Map<string, string>()
  await run('rpm', ['--dbpath', copy, '--query', '--all', '--queryformat', licenseFormat], {
    deadline: 300_000,
    ...(signal && { signal }),
    onLine(line) {
      const [mark, name = '', architecture = '', license = ''] = line.split(/\|(.*?)\|(.*?)\|(.*)/s)
      if (`${String(mark)}|` === packageMark) licenses.set(`${name}:${architecture}`, license)
    },
  })
  return licenses
}

/** Copies the database out, for the rpm of this host; null when the image has none. */
export async function copyRpmDatabase(
  tree: Tree,
  scratch: string,
): Promise<{ readonly folder: string; readonly copy: string } | null> {
  const place = places.find((one) => tree.names(one).some((name) => /^(rpmdb\.sqlite|Packages(\.db)?)$/.test(name)))
  if (place === undefined) return null
  const folder = tree.find(place)?.path ?? place
  const copy = await mkdtemp(join(scratch, 'rpm-'))
  for (const name of tree.names(folder)) await copyOut(tree, posix.join(folder, name), join(copy, name))
  return { folder, copy }
}

async function copyOut(tree: Tree, from: string, to: string): Promise<void> {
  const entry = tree.find(from)
  if (entry?.type !== 'file') return
  await pipeline(Readable.from([await contentOf(entry)]), createWriteStream(to))
}

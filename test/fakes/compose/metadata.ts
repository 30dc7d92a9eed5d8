import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { release } from './packages.ts'

/** What a compose is called, in its id and in its metadata. */
export interface ComposeName {
  readonly id: string
  readonly date: string
  readonly respin: number
}

/** The architecture that the compose has packages for. */
export const architecture = 'x86_64'
export const variant = 'Everything'
/** Where the packages of the variant are, from the compose's own folder on. */
export const osTree = `${variant}/${architecture}/os`
const imagePath = (id: string) => `${variant}/${architecture}/iso/${id}-netinst.iso`

/** The metadata that Pungi leaves beside a compose, by file: what it is, and which packages and images it holds. */
export async function writeMetadata(
  compose: string,
  name: ComposeName,
  keyId: string,
): Promise<ReadonlyMap<string, unknown>> {
  const { id, date, respin } = name
  const ofCompose = { id, type: 'nightly', date, respin }
  const place = (path: string) => ({ [architecture]: path })
  const everything = {
    id: variant,
    uid: variant,
    name: variant,
    type: 'variant',
    arches: [architecture],
    paths: {
      os_tree: place(osTree),
      packages: place(`${osTree}/Packages`),
      repository: place(osTree),
      isos: place(`${variant}/${architecture}/iso`),
    },
  }
  const described = {
    name: 'Fedora',
    short: 'Fedora',
    version: release,
    type: 'ga',
    is_layered: false,
    internal: false,
  }
  return new Map<string, unknown>([
    [
      'composeinfo.json',
      document('composeinfo', { compose: ofCompose, release: described, variants: { [variant]: everything } }),
    ],
    ['rpms.json', document('rpms', { compose: ofCompose, rpms: { [variant]: await rpmsOf(compose, keyId) } })],
    ['images.json', document('images', { compose: ofCompose, images: { [variant]: await imagesOf(compose, id) } })],
  ])
}

/** Makes the one image of the compose: a disc that holds one file, and boots nowhere. */
export async function makeDisc(compose: string, id: string, from: string): Promise<void> {
  await run('xorriso', ['-as', 'mkisofs', '-quiet', '-V', 'Fedora-E-dvd', '-o', join(compose, imagePath(id)), from])
}

function document(type: string, payload: object): unknown {
  return { header: { type: `productmd.${type}`, version: '1.2' }, payload }
}

async function rpmsOf(compose: string, keyId: string): Promise<unknown> {
  const bySource: Record<string, Record<string, unknown>> = {}
  const folder = join(osTree, 'Packages')
  const files = (await readdir(join(compose, folder), { recursive: true })).filter((path) => path.endsWith('.rpm'))
  const format = '%{NAME}-%{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH} %{SOURCERPM}\n'
  const paths = files.toSorted().map((file) => join(folder, file))
  const { stdout } = await run('rpm', ['-qp', '--nosignature', '--qf', format, ...paths], { cwd: compose })
  for (const [index, line] of stdout.trim().split('\n').entries()) {
    const [nevra = '', file = ''] = line.split(' ')
    const source = file.replace(/-([^-]+-[^-]+\.src)\.rpm$/, '-0:$1')
    bySource[source] ??= {}
    bySource[source][nevra] = { path: paths[index], sigkey: keyId, category: 'binary' }
  }
  return { [architecture]: bySource }
}

async function imagesOf(compose: string, id: string): Promise<unknown> {
  const path = imagePath(id)
  const { size, mtimeMs } = await stat(join(compose, path))
  const sha256 = createHash('sha256')
    .update(await readFile(join(compose, path)))
    .digest('hex')
  const image = {
    path,
    size,
    mtime: Math.floor(mtimeMs / 1000),
    checksums: { sha256 },
    arch: architecture,
    type: 'boot',
    format: 'iso',
    disc_number: 1,
    disc_count: 1,
    volume_id: 'Fedora-E-dvd',
    implant_md5: null,
    bootable: false,
    subvariant: variant,
  }
  return { [architecture]: [image] }
}

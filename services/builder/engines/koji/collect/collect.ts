import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Progress } from '#bus/bus.ts'
import { assertBootSector, assertRawDisk } from '../../verify.ts'
import type { KojiHub } from '../hub/connect.ts'
import type { Task } from '../hub/task.ts'
import type { KojiPlan } from '../order/plan.ts'
import { findMade, type Made, type RemoteFile } from './choose.ts'
import { download } from './download.ts'
import { packagesOfKiwi, packagesOfRpms, packagesOfSpdx, type PackageList } from './packages.ts'
import { unpack } from './unpack.ts'

/** What came of a build by Koji. All files are in the build's own work folder and may be moved away. */
export interface KojiBuilt {
  readonly disk: string
  readonly packages: string
  /** What the builder itself tells of its work: the TDL, the kickstart as it was used, the manifest. */
  readonly descriptions: readonly string[]
}

export interface CollectContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly logFile: string
  readonly work: string
  readonly largestDisk: number
}

/** Fetches what a task has made, makes a raw disk of it and proves it. */
export async function collect(
  plan: KojiPlan,
  { task, own }: { readonly task: Task; readonly own: Task | null },
  hub: KojiHub,
  context: CollectContext,
): Promise<KojiBuilt> {
  const { signal, progress, logFile, work, largestDisk } = context
  await mkdir(work, { recursive: true })
  const made = await findMade(plan, task, own, hub, signal)
  await keepLogs(made.others, hub, context)
  const fetched = join(work, `${String((own ?? task).id)}-${made.image.name}`)
  await download(hub.files, made.image, fetched, {
    signal,
    onBytes: (done) => {
      progress({ phase: 'fetching the image', done, total: made.image.size, unit: 'bytes' })
    },
  })
  const disk = join(work, 'image.raw')
  progress({ phase: 'unpacking the image' })
  await rm(disk, { force: true })
  await unpack(fetched, disk, { signal, logFile, largest: largestDisk })
  await assertBootSector(disk)
  await assertRawDisk(disk, signal)
  const packages = join(work, 'packages.json')
  await writeFile(packages, `${JSON.stringify(await listPackages(made, hub, context), null, 2)}\n`)
  return { disk, packages, descriptions: await fetchDescriptions(made.others, hub, context) }
}

/** More of a file that people read than this is no text. */
const largestText = 16 * 1024 * 1024

/** Adds the builder's logs to ours. */
export async function keepLogs(
  files: readonly RemoteFile[],
  hub: KojiHub,
  context: Pick<CollectContext, 'signal' | 'logFile' | 'work'>,
): Promise<void> {
  const logs = files.filter(({ name, size }) => name.endsWith('.log') && size > 0 && size <= largestText)
  await mkdir(context.work, { recursive: true })
  for (const log of logs) {
    const text = await fetchText(log, hub, context)
    await appendFile(context.logFile, `==> ${log.name} <==\n${text}\n`)
  }
}

async function fetchText(
  file: RemoteFile,
  hub: KojiHub,
  { signal, work }: Pick<CollectContext, 'signal' | 'work'>,
): Promise<string> {
  const path = join(work, `text-${file.name}`)
  await rm(path, { force: true })
  await download(hub.files, file, path, { signal, pauses: [1_000, 5_000] })
  const text = await readFile(path, 'utf8')
  await rm(path, { force: true })
  return text
}

const describing = /^(tdl-.*\.xml|libvirt-.*\.xml|.*\.ks|.*\.kiwi|.*osbuild-manifest\.json|.*\.manifest\.json)$/

async function fetchDescriptions(
  files: readonly RemoteFile[],
  hub: KojiHub,
  { signal, work }: CollectContext,
): Promise<string[]> {
  const wanted = files.filter(({ name, size }) => describing.test(name) && size > 0 && size <= largestText)
  const paths: string[] = []
  await mkdir(join(work, 'descriptions'), { recursive: true })
  for (const file of wanted) {
    const path = join(work, 'descriptions', file.name)
    await download(hub.files, file, path, { signal, pauses: [1_000, 5_000] })
    paths.push(path)
  }
  return paths
}

/** Of scratch builds by Oz and by livemedia-creator nobody tells the packages; then the list says so. */
async function listPackages({ image, others, rpms }: Made, hub: KojiHub, context: CollectContext): Promise<object> {
  const found =
    packagesOfRpms(rpms, 'the result of the task') ??
    (await ofArchive(image, hub, context.signal)) ??
    (await ofFiles(others, hub, context))
  const { from, packages }: PackageList = found ?? {
    from: 'nobody: Koji keeps no list of a scratch build',
    packages: [],
  }
  return { manifest_version: 1, config: { name: image.name, told_by: from }, packages }
}

async function ofArchive(
  { archive }: RemoteFile,
  { queries }: KojiHub,
  signal: AbortSignal,
): Promise<PackageList | null> {
  return archive === null ? null : packagesOfRpms(await queries.packagesIn(archive, signal), 'the build at Koji')
}

async function ofFiles(
  others: readonly RemoteFile[],
  hub: KojiHub,
  { signal, work }: CollectContext,
): Promise<PackageList | null> {
  for (const [pattern, read] of [
    [/\.packages$/, packagesOfKiwi],
    [/image-os\.spdx\.json$/, packagesOfSpdx],
  ] as const) {
    const file = others.find(({ name }) => pattern.test(name))
    if (!file) continue
    const path = join(work, file.name)
    await download(hub.files, file, path, { signal, pauses: [1_000, 5_000] })
    return await read(path)
  }
  return null
}

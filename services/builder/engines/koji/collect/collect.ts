import { appendFile, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Progress } from '#bus/bus.ts'
import type { Description } from '../../engine.ts'
import { takePackageList } from '../../installer/package-list.ts'
import { assertBootSector, assertRawDisk } from '../../verify.ts'
import type { KojiHub } from '../hub/connect.ts'
import type { Task } from '../hub/task.ts'
import type { KojiPlan } from '../order/plan.ts'
import { describeOrder, keepDescription } from './describe.ts'
import { findMade, type Made, type RemoteFile } from './choose.ts'
import { download } from './download.ts'
import { packagesOfKiwi, packagesOfRpms, packagesOfSpdx, type PackageList } from './packages.ts'
import { unpack } from './unpack.ts'

export interface CollectContext {
  readonly signal: AbortSignal
  readonly progress: (progress: Progress) => void
  readonly now: () => Date
  readonly logFile: string
  readonly work: string
  readonly largestDisk: number
}

/** Fetches what a task has made, makes the plan's raw disk and list of packages of it, and proves it. */
export async function collect(
  plan: KojiPlan,
  { task, own }: { readonly task: Task; readonly own: Task | null },
  hub: KojiHub,
  context: CollectContext,
): Promise<void> {
  const { signal, progress, now, logFile, work, largestDisk } = context
  await mkdir(work, { recursive: true })
  const made = await findMade(plan, task, own, hub, signal)
  const texts = await keepTexts(made.others, hub, context)
  const fetched = join(work, `${String((own ?? task).id)}-${made.image.name}`)
  await download(hub.files, made.image, fetched, {
    signal,
    onBytes: (done) => {
      progress({ phase: 'fetching the image', done, total: made.image.size, unit: 'bytes' })
    },
  })
  progress({ phase: 'unpacking the image' })
  await rm(plan.disk, { force: true })
  await unpack(fetched, plan.disk, { signal, logFile, largest: largestDisk })
  // xz gives it the time of what was fetched, perhaps by a process that was killed.
  await utimes(plan.disk, now(), now())
  await assertBootSector(plan.disk)
  await assertRawDisk(plan.disk, signal)
  if (plan.listsPackages) await takePackageList(plan.disk, plan.packages, signal)
  else await writeFile(plan.packages, `${JSON.stringify(await listPackages(made, hub, context), null, 2)}\n`)
  const described = texts.filter(({ name }) => !/^libvirt-|\.log$/.test(name))
  await keepDescription(plan, describeOrder(plan, { task, own }, described))
}

/** What builders tell of their work: their logs, and what they made the image of. */
const telling = /(\.log|^tdl-.*\.xml|^libvirt-.*\.xml|\.ks|\.kiwi|osbuild-manifest\.json|\.manifest\.json)$/

/** More of a file that people read than this is no text. */
const largestText = 16 * 1024 * 1024

/** Adds to our log what the builder wrote down, and gives it. */
export async function keepTexts(
  files: readonly RemoteFile[],
  hub: KojiHub,
  context: Pick<CollectContext, 'signal' | 'logFile' | 'work'>,
): Promise<Description[]> {
  const kept: Description[] = []
  const texts = files.filter(({ name, size }) => telling.test(name) && size > 0 && size <= largestText)
  await mkdir(context.work, { recursive: true })
  for (const file of texts) {
    const text = await fetchText(file, hub, context)
    await appendFile(context.logFile, `==> ${file.name} <==\n${text}\n`)
    kept.push({ name: file.name, text })
  }
  return kept
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

/** Of what is built from elsewhere by Oz and by livemedia-creator, nobody may tell the packages; then the list says so. */
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
  context: CollectContext,
): Promise<PackageList | null> {
  for (const [pattern, read] of [
    [/\.packages$/, packagesOfKiwi],
    [/image-os\.spdx\.json$/, packagesOfSpdx],
  ] as const) {
    const file = others.find(({ name }) => pattern.test(name))
    if (!file) continue
    return read(await fetchText(file, hub, context))
  }
  return null
}

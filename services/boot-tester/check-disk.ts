import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskUnreadable } from '#disk/errors.ts'
import { openRawDisk } from '#disk/raw-disk.ts'
import type { CheckResult } from '#events/vocabulary.ts'
import { readPackages } from '#image/facts/packages.ts'
import { mountTree, type Mounted } from '#image/mount-tree.ts'
import { openVolumes, type OpenDisk } from '#image/open-volumes.ts'
import { ToolFailed } from '#subprocess/errors.ts'
import { skipped, type DiskCheck, type Judgement } from './checks/check.ts'
import { diskChecks } from './checks/index.ts'
import type { Disk, System } from './disk/disk.ts'
import { readEsp } from './disk/esp.ts'
import { readExpectations } from './expectations/expectations.ts'
import { namingPackage } from './host-tools.ts'

export interface DiskChecking {
  /** A folder for what has to be unpacked and copied. */
  readonly scratch: string
  readonly signal?: AbortSignal
  /** The size of the same image of an earlier drop, where there is one. */
  readonly earlierBytes?: number | null
  readonly checks?: readonly DiskCheck[]
}

/**
 * Judges a disk (raw, qcow2, VHD, raw.xz) by all that can be known before it boots, without root and without mounting it: its file
 * system is read once. Throws DiskUnreadable when there is no such disk, PermanentError when this host lacks a tool.
 */
export async function checkDisk(path: string, checking: DiskChecking): Promise<CheckResult[]> {
  const { checks = diskChecks } = checking
  return await withRawDisk(path, checking, (raw, given) => judgeDisk(raw, checks, given))
}

/** Opens the system on a disk for as long as `use` takes. Throws as `checkDisk` does, and when there is no system on the disk. */
export async function withSystem<Result>(
  path: string,
  checking: Omit<DiskChecking, 'checks'>,
  use: (system: System) => Promise<Result>,
): Promise<Result> {
  return await withRawDisk(path, checking, async (raw, given) => {
    await using opened = await openVolumes(raw, given.signal)
    return await use(await readSystem(await diskOf(raw, opened, given)))
  })
}

type Given = Pick<Disk, 'scratch' | 'signal' | 'earlierBytes'>

async function withRawDisk<Result>(
  path: string,
  { scratch: parent, signal = new AbortController().signal, earlierBytes = null }: DiskChecking,
  use: (raw: string, given: Given) => Promise<Result>,
): Promise<Result> {
  const scratch = await mkdtemp(join(parent, 'check-disk-'))
  try {
    const { path: raw } = await openRawDisk(path, { scratch, signal })
    return await use(raw, { scratch, signal, earlierBytes })
  } catch (error) {
    throw namingPackage(error)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

async function diskOf(path: string, { bytes, table, volumes }: OpenDisk, given: Given): Promise<Disk> {
  return { path, ...given, bytes, table, volumes, esp: await readEsp(path, volumes, given.signal), unreadable: null }
}

async function judgeDisk(path: string, checks: readonly DiskCheck[], given: Given): Promise<CheckResult[]> {
  const opened = await openVolumes(path, given.signal).catch(unlessUnreadable)
  if (opened instanceof DiskUnreadable) return tornTable(checks, opened.message)
  await using disk = opened
  const subject = await diskOf(path, disk, given)
  const system = await readSystem(subject).catch(unlessUnreadable)
  const results: CheckResult[] = []
  for (const check of checks) {
    given.signal.throwIfAborted()
    results.push(resultOf(check, await judgeOne(check, subject, system)))
  }
  return results
}

async function judgeOne(check: DiskCheck, disk: Disk, system: System | DiskUnreadable): Promise<Judgement> {
  const unreadable = system instanceof DiskUnreadable ? system.message : null
  try {
    if (check.reads === 'disk') return await check.judge({ ...disk, unreadable })
    if (system instanceof DiskUnreadable) return skipped(`its files cannot be read: ${system.message}`)
    return await check.judge(system)
  } catch (error) {
    // Content that cannot be read is a fault of the image, wherever it is met.
    if (error instanceof DiskUnreadable) return { outcome: 'failed', detail: error.message }
    throw error
  }
}

/** What is known before power-on has taken no time since. */
function resultOf({ name }: DiskCheck, judgement: Judgement): CheckResult {
  return { name, seconds: 0, ...judgement }
}

function tornTable(checks: readonly DiskCheck[], detail: string): CheckResult[] {
  const judge = ({ name }: DiskCheck): Judgement =>
    name === 'partition-table' ? { outcome: 'failed', detail } : skipped(`the disk cannot be read: ${detail}`)
  return checks.map((check) => resultOf(check, judge(check)))
}

async function readSystem(disk: Disk): Promise<System> {
  const { tree, root } = await mountTree(disk.volumes)
  const release = (await tree.text('/etc/os-release')) ?? ''
  const id = /^ID="?([^"\n]*)"?$/m.exec(release)?.[1] ?? 'linux'
  return { ...disk, tree, root, id, packages: await packagesOf(disk, tree), expected: await readExpectations(id) }
}

async function packagesOf({ scratch, signal }: Disk, tree: Mounted['tree']): Promise<System['packages']> {
  try {
    const { facts } = await readPackages(tree, { scratch, signal })
    return { facts, fault: null }
  } catch (error) {
    if (!(error instanceof ToolFailed) || error.end.why !== 'exit') throw error
    // Where the copy of the database lies tells nobody anything.
    return { facts: new Map(), fault: error.message.replaceAll(/\s(in|at) \/\S*|\/\S*\//g, '') }
  }
}

function unlessUnreadable(error: unknown): DiskUnreadable {
  if (error instanceof DiskUnreadable) return error
  throw error
}

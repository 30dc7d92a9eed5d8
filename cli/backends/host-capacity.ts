import { access, constants, statfs } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { architecture, type Architecture } from '#events/vocabulary.ts'
import { readIfThere } from '#files/durable.ts'
import type { Capacity } from '#ledger/needs.ts'
import { memoryOfHost, readHostSettings } from '#service/host-settings.ts'
import { nearestFolder } from '../state-folder.ts'

type Environment = Readonly<Record<string, string | undefined>>

const mebi = 1024 * 1024

/** What programs each kind of processor runs. */
const runs: Readonly<Partial<Record<NodeJS.Architecture, readonly Architecture[]>>> = {
  x64: ['x86_64', 'i686'],
  arm64: ['aarch64'],
}

/** How QEMU's packages name, in binfmt_misc of Linux, what they run the programs of other processors by. */
const handlers: Readonly<Record<Architecture, string>> = {
  x86_64: 'qemu-x86_64',
  i686: 'qemu-i386',
  aarch64: 'qemu-aarch64',
}

/** Finds out what this host has, once, and what is free of its disk each time that somebody asks. */
export async function openHostCapacity(env: Environment, stateFolder: string): Promise<() => Promise<Capacity>> {
  const { name, diskMib, ...given } = readHostSettings(env)
  const { kvm = await opensKvm(), root = process.getuid?.() === 0 } = given
  const { cores = availableParallelism(), memoryMib = memoryOfHost(), architectures = await runnable() } = given
  const fixed = { host: name, cores, memoryMib, kvm, root, architectures }
  return async () => ({ ...fixed, diskMib: diskMib ?? (await freeMib(stateFolder)) })
}

/** The architectures whose programs run here: by the processor, or because the kernel hands them to an emulator. */
export async function runnable(binfmt = '/proc/sys/fs/binfmt_misc'): Promise<Architecture[]> {
  const own = runs[process.arch] ?? []
  const emulated = await Promise.all(
    architecture.options.map(async (one) => {
      const handler = await readIfThere(join(binfmt, handlers[one]))
      return handler !== null && String(handler).startsWith('enabled\n')
    }),
  )
  return architecture.options.filter((one, index) => own.includes(one) || emulated[index])
}

async function opensKvm(): Promise<boolean> {
  return await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  )
}

async function freeMib(folder: string): Promise<number> {
  // It may be that nothing has made it yet.
  const { bavail, bsize } = await statfs(await nearestFolder(folder))
  return Math.floor((bavail * bsize) / mebi)
}

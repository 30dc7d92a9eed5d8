import { access, constants, statfs } from 'node:fs/promises'
import { availableParallelism, hostname, totalmem } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { architecture, type Architecture } from '#events/vocabulary.ts'
import { readIfThere } from '#files/durable.ts'
import type { Capacity } from '#ledger/needs.ts'
import { readConfig } from '#service/config.ts'
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

/** What this host has for jobs, `IMAGEDROP_HOST_*`; what is not set is found out. */
export function readHostSettings(env: Environment) {
  return readConfig(
    'HOST',
    {
      name: z.string().min(1).default(hostname),
      cores: z.coerce.number().positive().optional(),
      memoryMib: z.coerce.number().int().min(1).optional(),
      diskMib: z.coerce.number().int().min(0).optional(),
      kvm: z.stringbool().optional(),
      root: z.stringbool().optional(),
      architectures: z
        .string()
        .transform((list) => list.split(','))
        .pipe(z.array(architecture))
        .optional(),
    },
    env,
  )
}

/** Finds out what this host has, once, and what is free of its disk each time that somebody asks. */
export async function openHostCapacity(env: Environment, stateFolder: string): Promise<() => Promise<Capacity>> {
  const { name, diskMib, ...given } = readHostSettings(env)
  const { kvm = await opensKvm(), root = process.getuid?.() === 0 } = given
  const { cores = availableParallelism(), memoryMib = memoryOf(), architectures = await runnable() } = given
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

/** Of the container, where there is one. */
function memoryOf(): number {
  const limit = process.constrainedMemory()
  return Math.floor((limit > 0 ? Math.min(limit, totalmem()) : totalmem()) / mebi)
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

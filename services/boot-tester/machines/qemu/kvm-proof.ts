import { access, constants, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { followConsole } from '../../console/console.ts'
import type { Phase } from '../../console/phases.ts'
import type { MachineParts } from '../machine.ts'
import type { StartedQemu } from './start.ts'

const proofFile = z.object({ host: z.string(), works: z.boolean() })

/** Whether KVM can be trusted with guests on this host. */
export interface KvmProof {
  /** Boots the image for a few seconds to find out, unless that is known. */
  works(parts: MachineParts): Promise<boolean>
  /** The image boots without KVM: when it did not with KVM, then KVM is to blame, and that is worth remembering. */
  imageIsGood(image: string): Promise<void>
}

interface ProofOptions {
  /** Where the result is kept; it holds until this host's kernel starts anew. */
  readonly folder: string
  /** Starts a machine with KVM that does nothing but boot. */
  readonly start: (parts: MachineParts) => Promise<StartedQemu>
  /** How long the boot may take until its user space speaks, in milliseconds. */
  readonly within: number
  readonly device?: string
  /** Names this boot of this host. */
  readonly host?: () => Promise<string>
}

/**
 * That /dev/kvm opens proves little: under some hypervisors a virtual machine can be made and its firmware runs, but
 * no kernel does. So a real image must reach its user space once before KVM is used.
 */
export function createKvmProof(options: ProofOptions): KvmProof {
  const { folder, device = '/dev/kvm', host = bootOfThisHost } = options
  const path = join(folder, 'kvm.json')
  const suspects = new Set<string>()
  let trial: Promise<boolean> | null = null

  const tryOut = async (parts: MachineParts): Promise<boolean> => {
    if (!(await canOpen(device))) return false
    const known = await readProof(path)
    if (known?.host === (await host())) return known.works
    const works = await bootsWithin(parts, options)
    if (works) await remember(true)
    else suspects.add(parts.image.path)
    return works
  }

  const remember = async (works: boolean) => {
    await mkdir(folder, { recursive: true })
    const draft = `${path}.${String(process.pid)}`
    await writeFile(draft, `${JSON.stringify({ host: await host(), works })}\n`)
    await rename(draft, path)
  }

  return {
    async works(parts) {
      // Two images at the same time need one proof.
      trial ??= tryOut(parts).finally(() => {
        trial = null
      })
      return await trial
    },
    async imageIsGood(image) {
      if (suspects.delete(image)) await remember(false)
    },
  }
}

async function bootsWithin(parts: MachineParts, { start, within }: ProofOptions): Promise<boolean> {
  const reached = Promise.withResolvers<boolean>()
  const console = followConsole([], {
    seconds: () => 0,
    onPhase: (phase: Phase) => {
      if (phase === 'userspace' || phase === 'cloud-init') reached.resolve(true)
    },
  })
  const logs = { machine: `${parts.logs.machine}.kvm`, console: `${parts.logs.console}.kvm` }
  try {
    await using machine = await start({ ...parts, logs, onConsole: console.write })
    const timeout = new AbortController()
    const tooLate = sleep(within, false, { signal: AbortSignal.any([parts.signal, timeout.signal]) })
    const ended = machine.ended.then(() => false)
    const works = await Promise.race([reached.promise, tooLate, ended])
    timeout.abort()
    tooLate.catch(() => {})
    return works
  } catch {
    // QEMU itself gives up on some hosts. Whatever else is wrong shows again without KVM.
    parts.signal.throwIfAborted()
    return false
  }
}

async function bootOfThisHost(): Promise<string> {
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
  return `${release()} ${bootId.trim()}`
}

async function canOpen(device: string): Promise<boolean> {
  return await access(device, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  )
}

async function readProof(path: string): Promise<z.infer<typeof proofFile> | null> {
  try {
    return proofFile.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    // Not there yet, or not what we write: then it is proved again.
    return null
  }
}

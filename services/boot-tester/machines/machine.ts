import type { ImagePlan, ArtifactRef } from '#events/vocabulary.ts'
import type { Cloud } from '../datasources/datasource.ts'
import type { Hardware } from './hardware.ts'

/** What a machine is made of. */
export interface MachineParts {
  readonly architecture: ImagePlan['architecture']
  /** A raw disk. It is read, and never written to. */
  readonly image: Pick<ArtifactRef, 'size'> & { readonly path: string }
  readonly hardware: Hardware
  /** What the guest sees of its cloud. */
  readonly cloud: Pick<Cloud, 'identity' | 'disks' | 'servers' | 'order'>
  /** How often the guest may reset itself before that is its end: 0 unless said. */
  readonly resets?: number
  /** An empty folder of this machine's own. */
  readonly folder: string
  /** Where the machine's own log and the guest's console go, to be read while it runs. */
  readonly logs: { readonly machine: string; readonly console: string }
  readonly signal: AbortSignal
  /** Every byte that the guest writes to its serial console, as it comes. */
  readonly onConsole: (bytes: Buffer) => void
}

/** How a guest has ended that obeyed the power button. */
export const poweredItselfOff = 'the guest powered itself off'

/** A guest whose power is on. Disposing of it takes the power away and leaves nothing behind but its logs. */
export interface RunningMachine extends AsyncDisposable {
  /** `none` where a cloud does not tell. */
  readonly accelerator: 'kvm' | 'tcg' | 'none'
  /** The size of the disk as the guest sees it: the image's and some room to grow. */
  readonly diskBytes: number
  /** Where the guest's ssh port can be reached; null where no way leads to it. */
  readonly ssh: { readonly host: string; readonly port: number } | null
  /** The id by which the guest knows itself, where the machine's own cloud chooses it. */
  readonly instanceId?: string
  /** Resolves with how, when the guest ends by itself; rejects when the machine under it is lost. */
  readonly ended: Promise<string>
  /** Presses the power button. A guest that listens to it powers itself off, with which it has ended. */
  readonly powerDown: () => Promise<void>
  /**
   * Presses the power button and, when the guest has powered itself off, starts it again with the same disks, variables of
   * the firmware and TPM. Throws the signal's reason when that is not waited for any longer.
   */
  readonly reboot: (signal: AbortSignal) => Promise<void>
  /** Writes the disk as a guest that has ended has left it, into a raw file; none where the disk is out of our reach. */
  readonly copyDisk?: (path: string, signal: AbortSignal) => Promise<void>
  /** Tells that the image got as far as its user space, which says that its kernel is not to blame for hanging. */
  readonly reachedUserspace: () => Promise<void>
  /** Writes what the guest's screen shows, as PNG; false when there is nothing to see. */
  readonly screenshot: (path: string) => Promise<boolean>
}

/**
 * Boots disks. An implementer gives the guest a writable layer that is larger than the image, a serial console, a
 * screen, a network without a way out but with a way in to ssh, and a clock that starts when powerOn resolves.
 * Deadlines, waiting for the guest and judging it are not its job.
 */
export interface Machine {
  /** Throws PermanentError when this host lacks what it needs, TransientError when the machine was lost. */
  powerOn(parts: MachineParts): Promise<RunningMachine>
}

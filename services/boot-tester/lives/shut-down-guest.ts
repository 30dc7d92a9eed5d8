import { join } from 'node:path'
import { checkDisk } from '../check-disk.ts'
import { skipped, type Shutdown } from '../checks/check.ts'
import { fileSystems } from '../checks/file-systems/check.ts'
import { GuestStopped, watchGuest } from '../guest-watch.ts'
import { poweredItselfOff } from '../machines/machine.ts'
import type { LivingGuest } from './living-guest.ts'

/** A guest that has powered itself off, and a raw copy of the disk that it has left; null where that is out of our reach. */
export interface ShutDown extends Shutdown {
  readonly disk: string | null
}

/** Presses the power button and looks at what the guest leaves. Throws GuestStopped when it does not power itself off. */
export async function shutDownGuest({ running, observation, limits, folder, context }: LivingGuest): Promise<ShutDown> {
  const { begins, seconds, console } = observation
  begins('shutdown')
  const start = seconds()
  using watch = watchGuest({ idle: limits.idle, total: limits.idle }, console.lastLine)
  await running.powerDown()
  const how = await watch.unlessStopped(running.ended)
  if (how !== poweredItselfOff) throw new GuestStopped(how)
  const took = seconds() - start
  if (!running.copyDisk) {
    return { seconds: took, disk: null, fileSystems: skipped('the disk of this machine cannot be read') }
  }
  const disk = join(folder, 'left.raw')
  await running.copyDisk(disk, context.signal)
  const [found] = await checkDisk(disk, { scratch: folder, signal: context.signal, checks: [fileSystems] })
  return { seconds: took, disk, fileSystems: found ?? skipped('there is no disk') }
}

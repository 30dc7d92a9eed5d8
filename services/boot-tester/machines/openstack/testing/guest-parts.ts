import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Instance } from '../../../datasources/datasource.ts'
import { plainHardware } from '../../hardware.ts'
import type { MachineParts } from '../../machine.ts'

interface Guest extends Partial<MachineParts> {
  /** A raw disk. */
  readonly disk: string
  /** Made for it. */
  readonly folder: string
  readonly instance: Instance
}

/** The plainest guest that a disk can be, with a config drive. */
export async function guestParts({ disk, folder, instance, ...more }: Guest): Promise<MachineParts> {
  await mkdir(folder)
  return {
    architecture: 'x86_64',
    image: { path: disk, size: (await stat(disk)).size },
    hardware: plainHardware('x86_64'),
    cloud: { identity: {}, disks: [], servers: [], order: { instance, configDrive: 'ide' } },
    folder,
    logs: { machine: join(folder, 'machine.log'), console: join(folder, 'console.log') },
    signal: AbortSignal.timeout(300_000),
    onConsole: () => {},
    ...more,
  }
}

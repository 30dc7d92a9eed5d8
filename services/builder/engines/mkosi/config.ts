import { z } from 'zod'
import { readConfig } from '#service/config.ts'
import { memoryOfHost, readHostSettings } from '#service/host-settings.ts'

/** What builds of Debian and Fedora fill, with some room; more of it goes to the disk. */
const enough = 2048
const most = 3072

/** Reads the settings of mkosi. */
export function readMkosiConfig(env: Readonly<Record<string, string | undefined>>) {
  const { memoryMib = memoryOfHost() } = readHostSettings(env)
  return readConfig(
    'MKOSI',
    {
      memoryMib: z.coerce
        .number()
        .int()
        .min(0)
        .default(process.getuid?.() === 0 ? shareOf(memoryMib) : 0)
        .describe(
          'Memory that root lets a build fill in place of the disk, which it takes when that is too small, or 0',
        ),
    },
    env,
  )
}

/** A sixth of the host's memory, as two images are built at once beside guests; none of a small host's. All in MiB. */
function shareOf(memory: number): number {
  const share = Math.floor(memory / 6)
  return share < enough ? 0 : Math.min(share, most)
}

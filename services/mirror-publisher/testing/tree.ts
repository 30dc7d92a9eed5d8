import { lstat, writeFile } from 'node:fs/promises'
import type { DropReady } from '#events/drop-ready.ts'
import type { Scene } from './scene.ts'

/** Where the images of a Beta candidate are. */
export const betaImages = 'releases/test/19-Beta/Images'

/** The mirror's root while nothing is open: indexes, which tell of no file. */
export const closedRoot = ['.staging', 'releases.json', 'streams']

/** The permissions of what is there, a link itself included. */
export async function modeOf(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8)
}

/** Damages the first artifact of an image in the store, with its size kept. */
export async function damage({ store }: Scene, drop: DropReady): Promise<void> {
  const ref = drop.images[0]?.artifacts[0]
  if (!ref) throw new Error('the drop has no artifact')
  await writeFile(await store.open(ref), Buffer.alloc(ref.size, 'x'))
}

import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A folder for sockets, whose paths may have only 107 bytes, while state folders lie as deep as people like. The
 * same machine folder always gets the same one, so that what a killed run has left is cleared.
 */
export async function socketFolder(machineFolder: string): Promise<string> {
  const key = createHash('sha256').update(machineFolder).digest('hex').slice(0, 16)
  const folder = join(tmpdir(), `imagedrop-${key}`)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { mode: 0o700 })
  return folder
}

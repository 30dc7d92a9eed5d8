import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import type { MachineParts } from '../machine.ts'

/** Makes the writable layer over the image, larger than it, and gives its path. */
export async function makeOverlay({ image, folder, signal }: MachineParts, bytes: number): Promise<string> {
  const overlay = join(folder, 'overlay.qcow2')
  await mkdir(folder, { recursive: true })
  await rm(overlay, { force: true })
  const size = String(bytes)
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image.path, '-F', 'raw', overlay, size], { signal })
  return overlay
}

/** Writes all that is on an overlay and below it into a raw file. QEMU may have it open, and no longer write to it. */
export async function copyOverlay(overlay: string, path: string, signal: AbortSignal): Promise<void> {
  const args = ['convert', '--force-share', '-f', 'qcow2', '-O', 'raw', overlay, path]
  await run('qemu-img', args, { signal, deadline: 600_000 })
}

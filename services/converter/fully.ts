import type { FileHandle } from 'node:fs/promises'

/** Reads until the buffer is full. */
export async function readFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done)
    if (bytesRead === 0)
      throw new Error(`the file ends at ${String(position + done)}: it became shorter while it was read`)
    done += bytesRead
  }
}

/** Writes all bytes: one call may write fewer, as the last one before the disk is full. */
export async function writeFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}

/** Writes all buffers, one behind the other, in one call where that writes all. */
export async function writeAllFully(file: FileHandle, buffers: readonly Buffer[], position: number): Promise<void> {
  const { bytesWritten } = await file.writev(buffers, position)
  const length = buffers.reduce((sum, buffer) => sum + buffer.length, 0)
  if (bytesWritten < length)
    await writeFully(file, Buffer.concat(buffers).subarray(bytesWritten), position + bytesWritten)
}

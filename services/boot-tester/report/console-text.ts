import { open } from 'node:fs/promises'
import { plainText } from './plain-text.ts'

const kept = { head: 64 * 1024, tail: 192 * 1024 }

/** A console's log as text for a report; of a long one, the beginning and the end. */
export async function readConsole(path: string): Promise<string> {
  await using file = await open(path)
  const { size } = await file.stat()
  const read = async (from: number, bytes: number) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, from)
    return buffer.toString('utf8', 0, bytesRead)
  }
  if (size <= kept.head + kept.tail) return plainText(await read(0, size))
  const left = size - kept.head - kept.tail
  const [head, tail] = [await read(0, kept.head), await read(size - kept.tail, kept.tail)]
  return `${plainText(head)}\n[${String(left)} bytes are left out here]\n${plainText(tail)}`
}

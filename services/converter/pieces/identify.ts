import { hash } from 'node:crypto'
import type { Coder } from './coder.ts'

const sampleSize = 64 * 1024

/**
 * Tells coders apart by what they make of a sample. A tool of another version, or with another library below it, may make
 * other bytes of the same piece; its pieces must not be mixed with those of before.
 */
export async function identify(coder: Coder): Promise<string> {
  const [encoded = Buffer.alloc(0)] = await coder.encode([sample()])
  return hash('sha256', Buffer.concat([Buffer.from(`${coder.name} ${String(coder.pieceSize)} `), encoded]))
}

/** Text whose words come again at many distances, so that the choices of a compressor show. */
function sample(): Buffer {
  const bytes = Buffer.alloc(sampleSize)
  for (let done = 0, line = 0; done < sampleSize; line += 1) {
    const word = hash('sha256', String(line % 700)).slice(0, 4 + (line % 23))
    done += bytes.write(`${word} ${String((line * line) % 997)}\n`, done)
  }
  return bytes
}

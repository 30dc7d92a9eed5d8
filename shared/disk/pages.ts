import type { Bytes } from './bytes.ts'

const pageSize = 64 * 1024
const mostPages = 256

/** The same bytes, with the last pages kept in memory: file systems read many small things that lie side by side. */
export function withPages(bytes: Bytes): Bytes {
  const pages = new Map<number, Buffer>()

  async function page(number: number): Promise<Buffer> {
    const start = number * pageSize
    const kept = pages.get(number) ?? (await bytes.read(start, Math.min(pageSize, bytes.size - start)))
    // The page that was longest not asked for goes first.
    pages.delete(number)
    pages.set(number, kept)
    const [oldest] = pages.keys()
    if (pages.size > mostPages && oldest !== undefined) pages.delete(oldest)
    return kept
  }

  return {
    size: bytes.size,
    async read(position, length) {
      const number = Math.floor(position / pageSize)
      const offset = position - number * pageSize
      const isWithinOne = position >= 0 && offset + length <= pageSize && position + length <= bytes.size
      return isWithinOne ? (await page(number)).subarray(offset, offset + length) : await bytes.read(position, length)
    },
  }
}

import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** Keeps the last bytes of a stream, so that memory stays bounded however much a tool says. */
export class Tail {
  readonly #limit: number
  #chunks: Buffer[] = []
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    while (this.#size - (this.#chunks[0]?.length ?? 0) >= this.#limit) {
      this.#size -= this.#chunks.shift()?.length ?? 0
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).subarray(-this.#limit).toString('utf8')
  }
}

const longestLine = 64 * 1024

/** Calls back with each line; `\n`, `\r\n` and the bare `\r` of progress bars end one. */
export function splitLines(source: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  source.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split(/\r\n|\n|\r/)
    rest = (lines.pop() ?? '').slice(-longestLine)
    lines.forEach(onLine)
  })
  source.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}

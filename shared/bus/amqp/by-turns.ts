import type { Writable } from 'node:stream'

/**
 * Has what is written to a stream in one turn of the event loop go out together. amqplib writes each message by itself, and each write is a
 * call of the system, which costs more than the message.
 */
export function writeByTurns(stream: Writable): void {
  const write = stream.write.bind(stream) as (...given: unknown[]) => boolean
  let isCorked = false
  stream.write = (...given: unknown[]) => {
    if (!isCorked) {
      isCorked = true
      stream.cork()
      process.nextTick(() => {
        isCorked = false
        stream.uncork()
      })
    }
    return write(...given)
  }
}

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isTransient } from '#service/failure.ts'
import { readIfThere, writeDurably } from '#files/durable.ts'

const notesShape = z.record(z.string(), z.enum(['intended', 'told']))

/** What is told: a drop's publication, or with an `id` something else that happens to it. */
export interface Subject {
  readonly drop: string
  readonly id?: string
}

/**
 * Sends what is told of a drop to each recipient that was not told yet. A recipient is noted as `intended` before, and
 * as `told` once `send` has resolved. A kill between the two leaves the outcome unknown, and `send` is called again:
 * give what is sent an id by which a copy is seen as a copy. One recipient's failure costs no other a copy.
 */
export type DeliverOnce = (
  about: Subject,
  recipients: readonly string[],
  send: (recipient: string) => Promise<void>,
  signal: AbortSignal,
) => Promise<void>

/** The notes of whom each channel has told. */
export interface Deliveries {
  of(channel: string): DeliverOnce
  /** Forgets a drop that nobody will be told of again. */
  forget(drop: string): Promise<void>
}

/** Keeps the notes in a folder: `<drop>/<channel>.json`, and `<drop>/<channel>.<id>.json` of what else is told. */
export function createDeliveries(folder: string): Deliveries {
  return {
    of:
      (channel) =>
      async ({ drop, id }, recipients, send, signal) => {
        const path = join(folder, drop, id === undefined ? `${channel}.json` : `${channel}.${id}.json`)
        const noted = await readIfThere(path)
        const notes = noted === null ? {} : notesShape.parse(JSON.parse(noted.toString('utf8')))
        const note = async (recipient: string, state: 'intended' | 'told') => {
          notes[recipient] = state
          await writeDurably(path, `${JSON.stringify(notes, null, 2)}\n`)
        }

        const failures: unknown[] = []
        for (const recipient of recipients) {
          if (notes[recipient] === 'told') continue
          try {
            await note(recipient, 'intended')
            await send(recipient)
            await note(recipient, 'told')
          } catch (error) {
            signal.throwIfAborted()
            failures.push(error)
          }
        }
        // As long as one recipient may still get it, another try is worth it.
        if (failures.length > 0) throw failures.find(isTransient) ?? failures[0]
      },
    async forget(drop) {
      await rm(join(folder, drop), { recursive: true, force: true })
    },
  }
}

import { join } from 'node:path'
import { z } from 'zod'
import { readIfThere, writeDurably } from '../durable-file.ts'
import type { Message } from './message.ts'
import type { SendMail } from './smtp.ts'

const stateFile = z.record(z.string(), z.enum(['intended', 'sent']))

/** Sends a message to each recipient that does not have it yet. */
export type Deliver = (
  drop: string,
  message: Message,
  mail: { readonly from: string; readonly to: readonly string[] },
  signal: AbortSignal,
) => Promise<void>

/**
 * Delivers with a note of each recipient: `intended` before the mail goes out, `sent` after the server's 250. A kill
 * between the two leaves the outcome unknown: the mail is sent again with the same Message-ID, which readers and
 * list archives recognise as the same. Recipients are separate, so that one who is refused costs no other a copy.
 */
export function createDelivery(folder: string, send: SendMail): Deliver {
  return async (drop, { bytes }, { from, to }, signal) => {
    const path = join(folder, `${drop}.json`)
    const noted = await readIfThere(path)
    const notes = noted === null ? {} : stateFile.parse(JSON.parse(noted.toString('utf8')))
    const note = async (recipient: string, state: 'intended' | 'sent') => {
      notes[recipient] = state
      await writeDurably(path, `${JSON.stringify(notes, null, 2)}\n`)
    }

    const failures: unknown[] = []
    for (const recipient of to) {
      if (notes[recipient] === 'sent') continue
      try {
        await note(recipient, 'intended')
        await send({ from, to: recipient, bytes }, signal)
        await note(recipient, 'sent')
      } catch (error) {
        signal.throwIfAborted()
        failures.push(error)
      }
    }
    if (failures.length > 0) throw worstOf(failures)
  }
}

/** As long as one recipient may still get it, the job is worth another try. */
function worstOf(failures: readonly unknown[]): unknown {
  return failures.find((error) => error instanceof Error && error.name === 'TransientError') ?? failures[0]
}

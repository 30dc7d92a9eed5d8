import { JetStreamApiCodes, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { codeOf, nullWhen, type NatsContext } from './context.ts'
import { Mismatch } from './refusal.ts'
import { covers } from './subjects.ts'

/** For so long a new stream's server knows an event that it has stored, and does not store it again. */
const duplicateWindow = 2 * 60_000
/** For so long a new stream keeps events, read or not. Whoever runs the server may change both. */
const maxAge = 30 * 86_400_000

/** The server's codes, which stand in no list of the client's. */
const inOtherShape = 10058
const subjectsTaken = 10065

/**
 * Makes the stream when there is none, and adds our subjects to one that lacks some. It takes no subject away and
 * changes nothing else: a newer process may be at work, and how long events are kept is the operator's to say.
 */
export async function ensureStream(context: Pick<NatsContext, 'jsm' | 'settings' | 'subjects'>): Promise<void> {
  const { jsm, subjects } = context
  const { stream: name } = context.settings
  for (let turns = 0; turns < 10; turns += 1) {
    const found = await jsm.streams.info(name).catch(nullWhen(JetStreamApiCodes.StreamNotFound))
    if (found) check(found.config)
    const present = found?.config.subjects ?? []
    const missing = subjects.stored.filter((subject) => !covers(present, subject))
    if (found && missing.length === 0) return
    try {
      if (found) await jsm.streams.update(name, { subjects: [...present, ...missing] })
      else await jsm.streams.add(newStream(context))
    } catch (error) {
      if (codeOf(error) === subjectsTaken) {
        throw new Mismatch(`another stream than ${name} takes in some of ${missing.join(', ')}`, { cause: error })
      }
      // Somebody else made it meanwhile.
      if (codeOf(error) !== inOtherShape) throw error
    }
  }
  throw new Error(`the stream ${name} is being changed by somebody else`)
}

function check({ name, retention, storage }: StreamConfig): void {
  if (retention !== RetentionPolicy.Limits) {
    throw new Mismatch(`the stream ${name}: expected retention limits, got ${retention}`)
  }
  if (storage !== StorageType.File) throw new Mismatch(`the stream ${name}: expected file storage, got ${storage}`)
}

function newStream({ settings, subjects }: Pick<NatsContext, 'settings' | 'subjects'>) {
  return {
    name: settings.stream,
    subjects: [...subjects.stored],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: settings.replicas,
    duplicate_window: nanos(duplicateWindow),
    max_age: nanos(maxAge),
  }
}

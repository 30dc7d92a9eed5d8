import { z } from 'zod'
import type { EventDefinition } from '#events/define.ts'
import { foreignEvents, ownEvents } from '#events/index.ts'
import type { ServiceDefinition } from '#service/define.ts'
import { speakersOf } from '#service/speakers.ts'

const all: readonly EventDefinition[] = [...ownEvents, ...foreignEvents]

/** The event catalogue as a table for people. */
export function catalogue(services: readonly ServiceDefinition[]): string {
  const rows = all.map((event) => [event.subject, speakersOf(event, services).join(', '), event.means])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map(([subject = '', saidBy = '', means = '']) => {
      return `${subject.padEnd(widths[0] ?? 0)}  ${saidBy.padEnd(widths[1] ?? 0)}  ${means}\n`
    })
    .join('')
}

/** A JSON Schema document (draft 7, which fedora-messaging's validator reads) per event, by file name. */
export function jsonSchemas(): Map<string, object> {
  return new Map(
    all.map((event) => [
      `${event.subject}.json`,
      {
        title: event.subject,
        description: event.means,
        ...z.toJSONSchema(event.schema, { target: 'draft-7' }),
        examples: [event.example],
      },
    ]),
  )
}

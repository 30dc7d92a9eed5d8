/**
 * How the parts of an envelope that are not its body are named in the headers of a message, the same on every broker,
 * so that what was carried from one to another reads the same. The first three are ours, the others fedora-messaging's.
 */
export const eventHeaders = {
  drop: 'imagedrop_drop',
  causation: 'imagedrop_causation',
  trace: 'traceparent',
  schema: 'fedora_messaging_schema',
  severity: 'fedora_messaging_severity',
  time: 'sent-at',
} as const

/** What a dead letter of ours says about itself, where the broker has no dead letters of its own. */
export const deadLetterHeaders = {
  id: 'imagedrop_dead_id',
  /** Why nobody could keep it. */
  reason: 'imagedrop_dead_reason',
  /** The subject that it was said on. */
  subject: 'imagedrop_dead_subject',
  deliveries: 'imagedrop_dead_deliveries',
} as const

/** fedora-messaging's numbers for its four severities. */
export const severityNumbers = { debug: 10, info: 20, warning: 30, error: 40 } as const

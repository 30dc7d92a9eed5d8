import { z } from 'zod'
import { tells, type Destination } from '../destinations.ts'
import { readSettingsFile } from '../../settings-file.ts'

const fileSchema = z.strictObject({
  server: z
    .url({ protocol: /^https?$/ })
    .describe('The address of the client API: of the homeserver, or as its .well-known has it'),
  tokenFile: z.string(),
  rooms: z.record(
    z.string().regex(/^[!#][^\s:]+(:[^\s]+)?$/, 'must be a room, as #cloud:example.org or !id:example.org'),
    z.strictObject({ tells, as: z.enum(['notice', 'message']).default('notice') }).prefault({}),
  ),
})

/** A room, and how it is told. */
export interface Room extends Destination {
  /** As clients show it: quietly, or as a person's message. */
  readonly msgtype: 'm.notice' | 'm.text'
}

export interface MatrixSettings {
  readonly server: string
  readonly token: string
  readonly rooms: readonly Room[]
}

/** Reads the file that names the homeserver and the rooms. */
export function readMatrixSettings(path: string): MatrixSettings {
  const { settings, read } = readSettingsFile('IMAGEDROP_ANNOUNCER_MATRIX_FILE', path, fileSchema)
  const { server, tokenFile, rooms } = settings
  return {
    server,
    token: read(tokenFile),
    rooms: Object.entries(rooms).map(([name, { tells: wanted, as }]) => ({
      name,
      tells: wanted,
      msgtype: as === 'notice' ? 'm.notice' : 'm.text',
    })),
  }
}

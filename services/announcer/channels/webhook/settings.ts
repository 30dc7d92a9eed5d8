import { z } from 'zod'
import { InvalidConfig } from '#service/config.ts'
import { tells, type Destination } from '../destinations.ts'
import { readSettingsFile } from '../../settings-file.ts'
import { secret } from './sign.ts'

const fileSchema = z.strictObject({
  endpoints: z.record(
    z.string().regex(/^[\w.-]+$/),
    z.strictObject({ url: z.url({ protocol: /^https?$/ }), secretFile: z.string(), tells }),
  ),
})

/** One who is posted what happens. */
export interface Endpoint extends Destination {
  readonly url: string
  readonly secrets: readonly Buffer[]
}

const variable = 'IMAGEDROP_ANNOUNCER_WEBHOOK_FILE'

/** Reads the file that names the endpoints. */
export function readWebhookSettings(path: string): Endpoint[] {
  const { settings, read } = readSettingsFile(variable, path, fileSchema)
  return Object.entries(settings.endpoints).map(([name, { url, secretFile, tells: wanted }]) => {
    const secrets = z.array(secret).min(1).safeParse(read(secretFile).split(/\s+/))
    if (!secrets.success) {
      throw new InvalidConfig(
        `${variable}: ${path}: endpoints.${name}: each line of ${secretFile} must be whsec_ and 24 to 64 bytes in base64`,
      )
    }
    return { name, url, tells: wanted, secrets: secrets.data }
  })
}

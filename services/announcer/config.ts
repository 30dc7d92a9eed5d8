import { z } from 'zod'
import { InvalidConfig, readConfig } from '#service/config.ts'
import type { FoundChannel } from './channels/find-channels.ts'

const url = z.url({ protocol: /^https?$/ })

/** What is set once for all channels. */
const common = {
  title: z.string().min(1).default('Cloud images'),
  domain: z.hostname().default('imagedrop.localhost'),
  mirrorUrl: url.nullable().default(null),
  pageUrl: url.nullable().default(null),
}

type Declared = Pick<FoundChannel, 'name' | 'settings'>

/** Reads the announcer's settings and those of its channels from the environment; each is in the README's table. */
export function readAnnouncerConfig(env: Readonly<Record<string, string | undefined>>, channels: readonly Declared[]) {
  const read = readConfig('ANNOUNCER', { ...settingsOfAll(channels), ...common }, env)
  const { title, domain, mirrorUrl, pageUrl } = read
  const values: Readonly<Record<string, unknown>> = read
  return {
    common: { title, domain, mirrorUrl, pageUrl },
    settingsOf: ({ settings }: Declared) => Object.fromEntries(Object.keys(settings).map((key) => [key, values[key]])),
  }
}

function settingsOfAll(channels: readonly Declared[]): z.ZodRawShape {
  const all: Record<string, z.ZodRawShape[string]> = { ...common }
  for (const { name, settings } of channels) {
    for (const [key, declaration] of Object.entries(settings)) {
      if ((all[key] ??= declaration) === declaration) continue
      throw new InvalidConfig(`the channel ${name} declares the setting ${key}, which is declared already`)
    }
  }
  return all
}

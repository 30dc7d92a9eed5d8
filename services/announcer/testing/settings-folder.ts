import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** A file of settings, with the files that it names beside it. */
export interface SettingsFolder extends AsyncDisposable {
  readonly file: string
}

/** Writes a channel's file of settings, and what it names. */
export async function writeSettings(
  settings: unknown,
  files: Readonly<Record<string, string>> = {},
): Promise<SettingsFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'settings-'))
  const file = join(folder, 'settings.yaml')
  await writeFile(file, stringify(settings))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

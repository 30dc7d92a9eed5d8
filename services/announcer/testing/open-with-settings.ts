import { openAnnouncer, type TestAnnouncer } from './open-announcer.ts'
import { writeSettings } from './settings-folder.ts'

interface Settings {
  /** The variable that names the file. */
  readonly variable: string
  readonly content: unknown
  /** What the file names beside it. */
  readonly files: Readonly<Record<string, string>>
  /** Other variables. */
  readonly env?: Readonly<Record<string, string>>
}

/** Opens an announcer whose channel has a file of settings. */
export async function openWithSettings({ variable, content, files, env = {} }: Settings): Promise<TestAnnouncer> {
  const settings = await writeSettings(content, files)
  try {
    const announcer = await openAnnouncer({ env: { [variable]: settings.file, ...env } })
    return {
      ...announcer,
      async [Symbol.asyncDispose]() {
        await announcer[Symbol.asyncDispose]()
        await settings[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await settings[Symbol.asyncDispose]()
    throw error
  }
}

import { openAnnouncer, type TestAnnouncer } from '../../../testing/open-announcer.ts'
import { writeSettings } from '../../../testing/settings-folder.ts'

/** What is not said of a network: no brakes, as the servers of tests have none. */
const quick = { flood: { lines: 100, seconds: 0 } }

/** Opens an announcer that speaks on these networks, as their file has them. */
export async function openOnIrc(
  networks: Readonly<Record<string, object>>,
  env: Readonly<Record<string, string>> = {},
): Promise<TestAnnouncer> {
  const whole = Object.fromEntries(Object.entries(networks).map(([name, network]) => [name, { ...quick, ...network }]))
  const settings = await writeSettings({ networks: whole }, { right: 'secret\n', wrong: 'guess\n' })
  const announcer = await openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_IRC_FILE: settings.file, ...env } })
  return {
    ...announcer,
    async [Symbol.asyncDispose]() {
      await announcer[Symbol.asyncDispose]()
      await settings[Symbol.asyncDispose]()
    },
  }
}

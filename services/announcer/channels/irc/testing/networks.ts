import type { TestAnnouncer } from '../../../testing/open-announcer.ts'
import { openWithSettings } from '../../../testing/open-with-settings.ts'

/** What is not said of a network: no brakes, as the servers of tests have none. */
const quick = { flood: { lines: 100, seconds: 0 } }

/** Opens an announcer that speaks on these networks, as their file has them. */
export async function openOnIrc(
  networks: Readonly<Record<string, object>>,
  env: Readonly<Record<string, string>> = {},
): Promise<TestAnnouncer> {
  const whole = Object.fromEntries(Object.entries(networks).map(([name, network]) => [name, { ...quick, ...network }]))
  return await openWithSettings({
    variable: 'IMAGEDROP_ANNOUNCER_IRC_FILE',
    content: { networks: whole },
    files: { right: 'secret\n', wrong: 'guess\n' },
    env,
  })
}

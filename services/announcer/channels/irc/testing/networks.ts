import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { openAnnouncer, type TestAnnouncer } from '../../../testing/open-announcer.ts'

/** What is not said of a network: no brakes, as the servers of tests have none. */
const quick = { flood: { lines: 100, seconds: 0 } }

/** Opens an announcer that speaks on these networks, as their file has them. */
export async function openOnIrc(
  networks: Readonly<Record<string, object>>,
  env: Readonly<Record<string, string>> = {},
): Promise<TestAnnouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'irc-'))
  const file = join(folder, 'irc.yaml')
  const whole = Object.fromEntries(Object.entries(networks).map(([name, network]) => [name, { ...quick, ...network }]))
  await writeFile(file, stringify({ networks: whole }))
  await writeFile(join(folder, 'right'), 'secret\n')
  await writeFile(join(folder, 'wrong'), 'guess\n')
  const announcer = await openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_IRC_FILE: file, ...env } })
  return {
    ...announcer,
    async [Symbol.asyncDispose]() {
      await announcer[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

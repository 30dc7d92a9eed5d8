import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from '#subprocess/run.ts'
import { house } from '#test/support/house.ts'

const source = join(import.meta.dirname, '..', '..', 'deploy', 'systemd')
const folder = await mkdtemp(join(tmpdir(), 'imagedrop-systemd-'))
await cp(source, folder, { recursive: true })
afterAll(() => rm(folder, { recursive: true }))

/** Only these units; the colon adds systemd's own. */
const env = { SYSTEMD_UNIT_PATH: `${folder}:` }
const version = await run('systemd-analyze', ['--version']).catch(() => null)
const isNew = Number(/^systemd (\d+)/.exec(version?.stdout ?? '')?.[1] ?? 0) >= 250

async function analyze(args: readonly string[]): Promise<string[]> {
  const lines: string[] = []
  await run('systemd-analyze', ['--no-pager', ...args], { env, okCodes: [0, 1], onLine: (line) => lines.push(line) })
  return lines
}

const services = house.names

describe.skipIf(!isNew)('the unit of', () => {
  it.each(services)('%s is one that systemd understands', async (service) => {
    const said = await analyze(['verify', '--man=no', `imagedrop@${service}.service`])
    // Of other units there may be much to say. That we are not installed in /opt is not the unit's fault.
    const ours = said.filter((line) => line.includes('imagedrop@'))
    expect(ours.filter((line) => !line.includes('/opt/imagedrop/cli/imagedrop.js is not executable'))).toEqual([])
  })

  it.each(services)('%s is as confined as its work allows', async (service) => {
    const said = await analyze(['security', '--offline=true', `imagedrop@${service}.service`])
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(said.join('\n'))?.[1])
    expect(exposure).toBeLessThan(service === 'builder' ? 6.5 : 2)
  })
})

it('a unit gives its process longer to stop than the process takes', async () => {
  const unit = await readFile(join(source, 'imagedrop@.service'), 'utf8')
  const common = await readFile(join(source, 'common.env'), 'utf8')
  expect(unit).toMatch(/^TimeoutStopSec=1h$/m)
  expect(Number(/^DRAIN=(\d+)$/m.exec(common)?.[1])).toBeLessThan(3600)
})

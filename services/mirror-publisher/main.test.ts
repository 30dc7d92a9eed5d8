import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { createMemoryBus } from '#bus/memory/memory-bus.ts'
import { openSqliteLedger } from '#ledger/sqlite/open.ts'
import { createMetrics } from '#service/metrics.ts'
import { house } from '#test/support/house.ts'
import { readMirrorPublisherConfig } from './config.ts'
import { assemble } from './main.ts'
import { makeKey } from './testing/keys.ts'
import { openScene } from './testing/scene.ts'

it('assembles with nothing configured, one change of the mirror at a time', async () => {
  await using scene = await openScene()
  const { service } = await assemble({
    ...house,
    stateFolder: scene.home,
    artifacts: scene.store,
    log: pino({ level: 'silent' }),
    now: () => new Date(),
    env: {},
  })
  expect(service.name).toBe('mirror-publisher')
  expect(service.consumes.map(({ subject }) => subject)).toEqual([
    'drop.ready.v1',
    'drop.blessed.v1',
    'drop.mirrored.v1',
    'drop.published.v1',
    'image.published.v1',
    'drop.superseded.v1',
    'drop.expired.v1',
  ])
  expect(service.concurrency).toBe(1)
})

it('tells when the key that it signs with expires', async () => {
  await using scene = await openScene()
  await using key = await makeKey('releng@example.org', { expires: '1y' })
  const env = {
    IMAGEDROP_MIRROR_PUBLISHER_SIGNING_KEY: key.address,
    IMAGEDROP_MIRROR_PUBLISHER_SIGNING_HOME: key.home,
  }
  const log = pino({ level: 'silent' })
  await assemble({ ...house, stateFolder: scene.home, artifacts: scene.store, log, now: () => new Date(), env })
  await using ledger = await openSqliteLedger(join(scene.home, 'ledger'))
  await using bus = createMemoryBus()
  const { key: known } = await key.signer()
  const seconds = (known.expires?.getTime() ?? 0) / 1000
  expect(await createMetrics(ledger, bus).metrics()).toContain(
    `imagedrop_signing_key_expires_timestamp_seconds{fingerprint="${known.fingerprint}"} ${String(seconds)}\n`,
  )
})

it('refuses a setting that there is not, and takes an empty one for none', () => {
  expect(() => readMirrorPublisherConfig({ IMAGEDROP_MIRROR_PUBLISHER_ROTO: join('/', 'srv') })).toThrow(
    'IMAGEDROP_MIRROR_PUBLISHER_ROTO: there is no such setting',
  )
  expect(readMirrorPublisherConfig({ IMAGEDROP_MIRROR_PUBLISHER_ROOT: '' }).root).toBeUndefined()
})

import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { house } from '#test/support/house.ts'
import { readMirrorPublisherConfig } from './config.ts'
import { assemble } from './main.ts'
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
    'drop.superseded.v1',
    'drop.expired.v1',
  ])
  expect(service.concurrency).toBe(1)
})

it('refuses a setting that there is not, and takes an empty one for none', () => {
  expect(() => readMirrorPublisherConfig({ IMAGEDROP_MIRROR_PUBLISHER_ROTO: join('/', 'srv') })).toThrow(
    'IMAGEDROP_MIRROR_PUBLISHER_ROTO: there is no such setting',
  )
  expect(readMirrorPublisherConfig({ IMAGEDROP_MIRROR_PUBLISHER_ROOT: '' }).root).toBeUndefined()
})

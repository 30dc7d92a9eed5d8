import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import { shareAtTheSamePlace } from '#test/support/same-place.ts'
import { requestFor } from '../../services/builder/engines/engine.contract.ts'
import { checks } from '../../services/boot-tester/checks/index.ts'
import { bootBesideAnother, buildImage } from './second-disk.ts'

it('two flavours lie alike, and the root of a real image is its own, though the disk of the other was found first', async () => {
  const state = await mkdtemp(join(tmpdir(), 'imagedrop-second-disk-'))
  const { drop, compose, image } = await requestFor()
  // Its own place has no packages: they come from the mirror.
  const request = { drop, compose: { ...compose, location: '/srv/compose' }, image }
  const built = await buildImage(request, state)
  const other = await buildImage({ ...request, image: { ...image, flavour: 'ec2' } }, state)
  const artifacts = await createFolderStore(join(state, 'artifacts'))
  const disks = [await artifacts.open(built.disk), await artifacts.open(other.disk)] as const
  expect(await shareAtTheSamePlace(...disks, { blockSize: 512 * 1024 })).toBeGreaterThan(0.85)
  const found = await bootBesideAnother(built, other, state)
  expect(found.filter(({ outcome }) => outcome !== 'passed')).toEqual([])
  const names = checks.map(({ name }) => name)
  expect(found.map(({ name }) => name)).toEqual([...names, 'own-root', 'package-sources'])
  await rm(state, { recursive: true, force: true })
})

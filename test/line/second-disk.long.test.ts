import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFolderStore } from '#artifacts/folder.ts'
import type { ImageBuilt } from '#events/image-built.ts'
import { run } from '#subprocess/run.ts'
import { canRunNova, startNova } from '#test/brokers/nova/nova.ts'
import { shareAtTheSamePlace } from '#test/support/same-place.ts'
import { requestFor } from '../../services/builder/engines/engine.contract.ts'
import { checks } from '../../services/boot-tester/checks/index.ts'
import { program } from './scene.ts'
import { bootBesideAnother, buildImage } from './second-disk.ts'

let state: string
let built: ImageBuilt
let other: ImageBuilt
beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'imagedrop-second-disk-'))
  const { drop, compose, image } = await requestFor()
  // Its own place has no packages: they come from the mirror.
  const request = { drop, compose: { ...compose, location: '/srv/compose' }, image }
  built = await buildImage(request, state)
  other = await buildImage({ ...request, image: { ...image, flavour: 'ec2' } }, state)
})
afterAll(async () => {
  await rm(state, { recursive: true, force: true })
})

it('two flavours lie alike', async () => {
  const artifacts = await createFolderStore(join(state, 'artifacts'))
  const disks = [await artifacts.open(built.disk), await artifacts.open(other.disk)] as const
  expect(await shareAtTheSamePlace(...disks, { blockSize: 512 * 1024 })).toBeGreaterThan(0.85)
})

it('the root of a real image is its own, though the disk of another flavour was found first', async () => {
  const found = await bootBesideAnother(built, other, state)
  // Debian has no policy of SELinux.
  const others = found.filter(({ outcome }) => outcome !== 'passed')
  expect(others).toMatchObject([{ name: 'selinux', outcome: 'skipped' }])
  const names = checks.map(({ name }) => name)
  expect(found.map(({ name }) => name)).toEqual([...names, 'own-root', 'package-sources'])
})

it.skipIf(!canRunNova)(
  'a real image learns who it is in a real Nova, by the command, which leaves nothing there',
  async () => {
    const path = await (await createFolderStore(join(state, 'artifacts'))).open(built.disk)
    await using cloud = await startNova()
    const account = await cloud.addAccount('line')
    const where = ['--machine', 'openstack', '--cloud', 'nova', '--flavor', cloud.flavor, '--network', cloud.network]
    const args = [...where, '--chipset', 'q35', '--datasource', 'configdrive-scsi', '--checks', 'partition-table']
    const { stdout } = await run(process.execPath, [program, 'boot-test', ...args, '--state', state, path], {
      env: { OS_CLIENT_CONFIG_FILE: account.cloudsFile, NO_COLOR: '1', IMAGEDROP_BOOT_TESTER_IDLE_SECONDS: '400' },
    })
    for (const name of ['user-data', 'data-source', 'instance-id', 'hostname', 'injected-key'])
      expect(stdout).toMatch(new RegExp(`✓ ${name} `))
    expect(await account.owned()).toEqual({ servers: [], images: [], keys: [] })
  },
)

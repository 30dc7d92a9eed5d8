import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { createScene, fastEngines } from '#test/line/scene.ts'
import { startEmulator } from './emulator/start.ts'
import { openWorld } from './emulator/world.ts'
import { standIn } from './stand-in.ts'
import { imagesIn } from './testing/look.ts'

it('a whole drop goes to the cloud of an eucarc, which is emulated where none was read, and opens there', async () => {
  await using scene = await createScene()
  const shipped = parse(await readFile(join(import.meta.dirname, '..', '..', 'deploy', 'drops.yaml'), 'utf8')) as object
  const policy = join(scene.root, 'drops.yaml')
  const targets = { generic: ['mirror', 'eucalyptus'], ec2: ['mirror', 'ec2'] }
  await writeFile(policy, stringify({ ...shipped, targets }))
  const args = ['drop', '--distribution', 'debian-12', '--images', 'generic.x86_64', '--state', scene.state]
  const { status, stdout } = await scene.command(args, {
    ...fastEngines,
    IMAGEDROP_SCHEDULER_POLICY: policy,
    IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS: 'eucarc',
  })
  expect(stdout).toContain('Eucalyptus: emulated (no eucarc was read: EC2_URL is not set)')
  expect(stdout).toContain('published and announced')
  expect(status).toBe(0)
  const rules = { accounts: [], mostGib: 30, mostKeys: 1000, now: () => new Date(), log: pino({ level: 'silent' }) }
  const [image] = imagesIn(await openWorld(join(scene.state, 'eucalyptus-emulator'), rules))
  expect(image).toMatchObject({ isPublic: true, virtualization: 'hvm' })
  expect(stdout).toMatch(new RegExp(`eucalyptus +${image?.id ?? ''} in eucarc \\(emulated\\)`))

  const emulator = await startEmulator({ folder: join(scene.state, 'eucalyptus-emulator'), log: rules.log })
  const settings = { ...standIn.settings(emulator.url), IMAGEDROP_EUCALYPTUS_PUBLISHER_CLOUDS: 'eucarc' }
  const audited = await scene.command(['audit', 'eucalyptus', '--state', scene.state], settings)
  await emulator.close()
  expect(audited).toMatchObject({ status: 0, stdout: 'eucalyptus: all is as the ledger says\n' })
})

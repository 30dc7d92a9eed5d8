import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { stringify, parse } from 'yaml'
import type { Envelope } from '#events/envelope.ts'
import { createScene, fastEngines, type Scene } from '#test/line/scene.ts'
import { row } from './testing/bench.ts'

const drop = 'milestone-Fedora-43-20261020.0'

it('a Final is announced without waiting for the Marketplace, and its image is a version there later', async () => {
  await using scene = await createScene()
  const env = await settingsOf(scene)
  const compose = await scene.compose('Fedora-43-20261020.0', {
    compose_type: 'production',
    compose_label: 'RC-1.2',
    compose_date: '20261020',
    compose_respin: 0,
    release_short: 'Fedora',
    release_version: '43',
    release_type: 'ga',
  })
  const args = ['drop', '--compose', compose, '--images', 'ec2.x86_64', '--state', scene.state, '--json']
  const child = scene.start(args, env)
  child.stderr.resume()
  for await (const line of createInterface(child.stdout)) {
    if ((JSON.parse(line) as Envelope).subject !== 'drop.staged.v1') continue
    expect((await scene.command(['bless', drop, '--state', scene.state])).status).toBe(0)
  }
  expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0)

  const up = scene.start(['up', '--port', '0', '--state', scene.state], env)
  up.stdout.resume()
  up.stderr.resume()
  const published = await waitFor(scene, ({ subject, body }) => {
    return subject === 'image.published.v1' && JSON.stringify(body).includes('"target":"marketplace"')
  })
  const ec2 = (await scene.events()).find(({ subject }) => subject === 'image.uploaded.v1')?.body
  const ami = (ec2 as { registrations: { id: string }[] }).registrations[0]?.id
  expect(published.body).toMatchObject({
    registrations: [{ target: 'marketplace', emulated: true, place: 'prod-f43', state: 'live', details: { ami } }],
  })
  expect((await scene.command(['withdraw', drop, '--reason', 'a test', '--state', scene.state])).status).toBe(0)
  const sets = join(scene.state, 'marketplace-emulator', 'change-sets')
  await expect.poll(async () => await restrictionsIn(sets), { timeout: 60_000, interval: 500 }).toBe(1)
  up.kill('SIGTERM')
  await once(up, 'exit')
})

/** A policy that sends Finals to the Marketplace, and a product to be a version of. */
async function settingsOf({ root }: Scene): Promise<Record<string, string>> {
  const shipped = await readFile(join(import.meta.dirname, '..', '..', 'deploy', 'drops.yaml'), 'utf8')
  const [policy, listings] = [join(root, 'drops.yaml'), join(root, 'marketplace.yaml')]
  const targets = { generic: ['mirror'], ec2: ['mirror', 'ec2', 'marketplace'] }
  await writeFile(policy, stringify({ ...(parse(shipped) as object), targets }))
  const product = { ...row, product: 'prod-f43', architecture: 'x86_64', instance_type: 't3.micro' }
  await writeFile(listings, stringify({ apply: true, products: [product] }))
  return {
    ...fastEngines,
    IMAGEDROP_SCHEDULER_POLICY: policy,
    IMAGEDROP_MARKETPLACE_PUBLISHER_LISTINGS: listings,
    IMAGEDROP_MARKETPLACE_PUBLISHER_LOOK_SECONDS: '1',
  }
}

async function waitFor(scene: Scene, isMeant: (event: Envelope) => boolean): Promise<Envelope> {
  for (const end = Date.now() + 90_000; Date.now() < end; await sleep(500)) {
    const found = (await scene.events()).find(isMeant)
    if (found) return found
  }
  throw new Error('it was never said')
}

async function restrictionsIn(folder: string): Promise<number> {
  const records = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  return records.filter((text) => text.includes('"RestrictDeliveryOptions"')).length
}

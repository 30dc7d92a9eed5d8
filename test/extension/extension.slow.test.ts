import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { DropAnnounced } from '#events/drop-announced.ts'
import type { DropPublished } from '#events/drop-published.ts'
import { createScene, fastEngines } from '../line/scene.ts'

const root = join(import.meta.dirname, '..', '..')
const compose = 'Debian-12-20260711.n.0'

/** The shipped policy with rows for the made-up flavour and cloud. */
async function policyWithMoon(): Promise<string> {
  const shipped = await readFile(join(root, 'deploy', 'drops.yaml'), 'utf8')
  return shipped
    .replace(/(short: Debian\n\s+versions: \[12\][^]*?flavours: )\[generic, ec2\]/, '$1[generic, ec2, crater]')
    .replace(/^(targets:\n)/m, '$1  crater: [mirror, moon]\n')
}

it('a cloud, a flavour and a channel are folders and rows of policy: a drop passes through them', async () => {
  await using scene = await createScene()
  const policy = join(scene.root, 'drops.yaml')
  await writeFile(policy, await policyWithMoon())
  const env = {
    ...fastEngines,
    IMAGEDROP_EXTENSIONS: import.meta.dirname,
    IMAGEDROP_SCHEDULER_POLICY: policy,
  }
  const args = ['drop', '--compose', await scene.compose(compose), '--state', scene.state]
  const images = ['--images', 'crater.x86_64,ec2.x86_64']
  const { status, stdout, stderr } = await scene.command([...args, ...images], env)
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout).toMatch(/moon +moon-[0-9a-f]{8} in tranquility-1 \(emulated\): crater\.x86_64/)

  const events = await scene.events()
  const published = events.find(({ subject }) => subject === 'drop.published.v1')?.body as DropPublished
  const registrations = published.images.map(({ image, registrations: all }) =>
    [image.flavour, ...all.map((one) => one.target)].join(' to '),
  )
  expect(registrations.toSorted()).toEqual(['crater to moon', 'ec2 to ec2'])
  // It took its image from the mirror, so it came after it.
  const order = events.map(({ subject, body }) => `${subject} ${JSON.stringify(body).includes('"moon-') ? 'moon' : ''}`)
  expect(order.indexOf('image.published.v1 moon')).toBeGreaterThan(order.indexOf('drop.mirrored.v1 '))

  const announced = events.find(({ subject }) => subject === 'drop.announced.v1')?.body as DropAnnounced
  expect(announced.told.map(({ channel }) => channel)).toContain('bell')
  expect(await readFile(join(scene.state, 'announcements', 'bell.txt'), 'utf8')).toBe(`weekly-${compose}\n`)
  expect(await readFile(join(scene.state, 'announcements', 'index.html'), 'utf8')).toContain('Moon Cloud')

  const shown = await scene.command(['status', `weekly-${compose}`, '--state', scene.state], env)
  expect(shown.stdout).toMatch(/✔ drop +Moon /)
})

it('without the folders, the policy that names them is refused at the start', async () => {
  await using scene = await createScene()
  const policy = join(scene.root, 'drops.yaml')
  await writeFile(policy, await policyWithMoon())
  const env = { ...fastEngines, IMAGEDROP_SCHEDULER_POLICY: policy }
  const { status, stderr } = await scene.command(
    ['drop', '--compose', await scene.compose(compose), '--state', scene.state],
    env,
  )
  expect(status).toBe(1)
  expect(stderr).toMatch(/^imagedrop: drops\.yaml: .*crater.*\n$/)
})

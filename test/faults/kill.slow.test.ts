import { once } from 'node:events'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { checkMirror, createScene, fastEngines } from '../line/scene.ts'
import { seededRandom } from './random.ts'
import { registeredImages } from './registered-images.ts'

const kills = 30

it(`a drop survives ${String(kills)} kills at random moments, and everything exists exactly once`, async () => {
  await using scene = await createScene()
  const seed = Number(process.env['IMAGEDROP_TEST_SEED'] ?? Date.now() % 1_000_000)
  const random = seededRandom(seed)
  console.info(`seed ${String(seed)}`)
  const drops: string[] = []
  let killed = 0
  while (killed < kills) {
    const composeId = `Debian-12-202601${String(drops.length + 1).padStart(2, '0')}.n.0`
    drops.push(composeId)
    const compose = await scene.compose(composeId)
    const args = ['drop', '--compose', compose, '--state', scene.state, '--json']
    // Each drop is killed a few times, then left to end, so that kills fall into every step.
    const rounds = 3 + Math.floor(random() * 4)
    for (let round = 0; round < rounds && killed < kills; round += 1) {
      const child = scene.start(args, fastEngines)
      child.stdout.resume()
      const ended = once(child, 'exit') as Promise<[number | null]>
      const result = await Promise.race([ended, sleep(500 + random() * 4_000).then(() => 'time' as const)])
      if (result !== 'time') {
        expect(result[0]).toBe(0)
        break
      }
      child.kill('SIGKILL')
      await ended
      killed += 1
    }
    const last = await scene.command(args, fastEngines)
    expect(last.stderr + last.stdout.split('\n').slice(-5).join('\n')).toMatch(/published (and announced|on )/)
    expect(last.status).toBe(0)
  }

  const events = await scene.events()
  const count = (subject: string) => events.filter((event) => event.subject === subject).length
  expect(count('drop.scheduled.v1')).toBe(drops.length)
  expect(count('drop.announced.v1')).toBe(drops.length)
  expect(count('image.failed.v1') + count('drop.failed.v1')).toBe(0)
  const ec2Images = 2 * drops.length
  const registered = await registeredImages(join(scene.state, 'ec2-emulator'))
  expect(registered.map((image) => image.name).toSorted()).toEqual(
    [...new Set(registered.map((image) => image.name))].toSorted(),
  )
  expect(registered).toHaveLength(ec2Images)
  expect(registered.filter((image) => !image.public)).toEqual([])
  expect(await checkMirror(join(scene.state, 'mirror'))).toBeGreaterThanOrEqual(4 * 3 * drops.length)
  expect(globSync('*.eml', { cwd: join(scene.state, 'announcements') })).toHaveLength(drops.length)
}, 600_000)

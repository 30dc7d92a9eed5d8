import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readProcedures } from './testing/procedures.ts'
import { openReleaseScene } from './testing/release-scene.ts'

it('every command of the release procedures does what they say', async () => {
  await using scene = await openReleaseScene()
  await using shell = scene.openShell()
  const procedures = await readProcedures({
    '/var/lib/imagedrop': scene.state,
    'http://127.0.0.1:8080': await scene.serve({ engine: 'broken', region: 'broken' }),
  })
  const follow = async (page: string, heading: string, count?: number) =>
    await shell.run(procedures.take(page, heading, count))

  // Who waits looks again after ten seconds; a second is enough here.
  await shell.run('sleep() { command sleep 1; }')
  await follow('README.md', 'Before you begin')

  await follow('weekly.md', '1. Produce')
  expect(await follow('weekly.md', '2. Watch')).toContain('published and announced, blessed by policy')
  await follow('weekly.md', '3. Look at what was published')

  await follow('milestone.md', '1. Produce')
  expect(await follow('milestone.md', '2. Test')).toContain('waits for the blessing')
  await follow('milestone.md', '3. No-go: cancel')
  await follow('milestone.md', '4. Go: bless')
  await follow('milestone.md', '5. Look at what was published')

  const failed = await follow('trouble.md', 'An image failed')
  expect(failed).toMatch(/generic\.aarch64 failed at builder \(environment\): .*mkosi/)
  expect(await follow('trouble.md', 'An engine is down', 1)).toMatch(/failed at builder \(environment\): mkosi/)
  await scene.serve({ engine: 'mended', region: 'broken' })
  await follow('trouble.md', 'An engine is down')
  expect(await follow('trouble.md', 'A region is missing', 1)).toMatch(/failed at ec2-publisher .*moon-1/)
  await scene.serve({ engine: 'mended', region: 'mended' })
  await follow('trouble.md', 'A region is missing')

  // A note stays where a drop was.
  const open = () => globSync('mirror/alt/cloud/weekly/Debian-12-*/drop.json', { cwd: scene.state })
  expect(open()).toHaveLength(1)
  await follow('trouble.md', 'A bad image was published')
  // The drop is superseded by what was said, and the mirror's publisher follows.
  await expect.poll(open, { timeout: 30_000 }).toEqual([])
  const [note = ''] = globSync('mirror/alt/cloud/weekly/Debian-12-*/withdrawn.json', { cwd: scene.state })
  expect(await readFile(join(scene.state, note), 'utf8')).toContain('it accepts an empty password')
  const states = (await follow('trouble.md', 'Everything stopped')).match(/(?<= )(announced|superseded)(?= )/g)
  // The candidate that was cancelled made way for its respin.
  expect(states?.toSorted()).toEqual([...Array<string>(4).fill('announced'), 'superseded', 'superseded'])
  expect(procedures.left()).toEqual([])
})

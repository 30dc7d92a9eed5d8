import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Envelope } from '#events/envelope.ts'
import type { ImageBuilt } from '#events/image-built.ts'
import type { ImageTested } from '#events/image-tested.ts'
import { run } from '#subprocess/run.ts'
import { readQcow2Header } from '#disk/qcow2-header.ts'
import { checkMirror, createScene } from './scene.ts'
import { testTornDisk } from './torn-disk.ts'

it('takes one real Debian 12 image from the repositories to the announcement, and fails a torn one', async () => {
  await using scene = await createScene()
  const args = ['drop', '--distribution', 'debian-12', '--images', 'generic.x86_64', '--state', scene.state, '--json']
  const { status, stdout, stderr } = await scene.command(args)
  expect(stderr).toContain('published and announced')
  expect(status).toBe(0)

  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Envelope)
  const tested = events.find((event) => event.subject === 'image.tested.v1')?.body as ImageTested
  expect(tested.verdict).toBe('passed')
  expect(['kvm', 'tcg']).toContain(tested.accelerator)
  expect(tested.boots?.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'bios passed',
    'secure-configdrive passed',
  ])
  expect(tested.checks.map((check) => check.name)).toEqual(
    expect.arrayContaining(['cloud-init', 'ssh', 'failed-units', 'root-grown', 'login-prompt']),
  )
  expect(tested.screenshot?.format).toBe('png')

  const mirror = join(scene.state, 'mirror')
  expect(await checkMirror(mirror)).toBeGreaterThanOrEqual(3)
  const [qcow2 = ''] = globSync('alt/**/*.qcow2', { cwd: mirror })
  const { stdout: told } = await run('qemu-img', ['info', '--output=json', join(mirror, qcow2)])
  expect(JSON.parse(told)).toMatchObject({ format: 'qcow2' })
  // What readers of QEMU 2 do not know, they refuse.
  expect(await readQcow2Header(join(mirror, qcow2))).toMatchObject({ version: 3, incompatibleFeatures: 0n })
  const [mail = ''] = globSync('*.eml', { cwd: join(scene.state, 'announcements') })
  expect(readFileSync(join(scene.state, 'announcements', mail), 'utf8')).toContain('passed')

  const built = events.find((event) => event.subject === 'image.built.v1')?.body as ImageBuilt
  const torn = await testTornDisk(built, scene.state)
  expect(torn.verdict).toBe('failed')
  expect(torn.checks.find(({ name }) => name === 'cloud-init')).toMatchObject({ outcome: 'failed' })
  // Firmware that finds nothing to boot says so on the screen only.
  expect(torn.screenshot?.size).toBeGreaterThan(500)
})

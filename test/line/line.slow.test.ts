import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { findEvent } from '#events/index.ts'
import type { Envelope } from '#events/envelope.ts'
import { tryLock } from '#files/lock.ts'
import { checkMirror, createScene, fastEngines, type Scene } from './scene.ts'

const nightly = 'Debian-12-20260711.n.0'
const weeklyDrop = `weekly-${nightly}`

function dropArgs(scene: Scene, compose: string, ...more: string[]): string[] {
  return ['drop', '--compose', compose, '--state', scene.state, ...more]
}

function subjectsOf(events: readonly Envelope[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(events, (event) => event.subject)].map(([subject, all]) => [subject, all.length]),
  )
}

it('turns one compose message into four published and announced images', async () => {
  await using scene = await createScene()
  const compose = await scene.compose(nightly)
  const { status, stdout, stderr } = await scene.command(dropArgs(scene, compose, '--json'), fastEngines)
  expect(stderr).toContain('EC2: emulated')
  expect(status).toBe(0)

  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Envelope)
  for (const event of events) expect(findEvent(event.subject)?.schema.safeParse(event.body).success).toBe(true)
  expect(subjectsOf(events)).toMatchObject({
    'drop.scheduled.v1': 1,
    'image.requested.v1': 4,
    'image.built.v1': 4,
    'image.converted.v1': 4,
    'image.tested.v1': 4,
    'image.uploaded.v1': 2,
    'drop.ready.v1': 1,
    'drop.staged.v1': 1,
    'drop.blessed.v1': 1,
    'image.published.v1': 2,
    'drop.mirrored.v1': 1,
    'drop.published.v1': 1,
    'drop.announced.v1': 1,
  })
  expect(await checkMirror(join(scene.state, 'mirror'))).toBeGreaterThanOrEqual(12)
  const [mail = ''] = globSync('*.eml', { cwd: join(scene.state, 'announcements') })
  expect(await readFile(join(scene.state, 'announcements', mail), 'utf8')).toContain('ami-')

  const again = await scene.command(dropArgs(scene, compose), fastEngines)
  expect(again.status).toBe(0)
  expect(again.stdout).toMatch(/^compose: .*\nEC2: .*\nDebian-12-20260711\.n\.0 was published on .*: it is in .*\n$/)
  expect(subjectsOf(await scene.events())).toMatchObject({ 'drop.scheduled.v1': 1, 'drop.announced.v1': 1 })

  const listed = await scene.command(['status', '--state', scene.state])
  const [, row = ''] = listed.stdout.split('\n')
  expect(row.split(/ {2,}/)).toEqual([weeklyDrop, nightly, 'weekly', 'announced', '4/4', '0 min'])
  const shown = await scene.command(['status', weeklyDrop, '--state', scene.state])
  expect(shown.stdout).toContain('published and announced')
  expect(shown.stdout).toMatch(/\nannounced\n$/)
  // Every step shows the time that it took, and none is open.
  const steps = shown.stdout.split('\n').filter((line) => /^. (drop|\w+\.\w+) /.test(line))
  expect(steps.length).toBeGreaterThan(14)
  expect(steps.filter((line) => !/^✔ .* \d+(\.\d s|:\d\d)$/.test(line.trimEnd()))).toEqual([
    // While the drop stands, what is public is looked at day by day.
    expect.stringMatching(/^… drop +EC2 +waits for the next look at what is public/),
  ])
})

it('makes only the images that were asked for, and names those that there are when one is unknown', async () => {
  await using scene = await createScene()
  const compose = await scene.compose(nightly)
  const wrong = await scene.command(dropArgs(scene, compose, '--images', 'generic.sparc'), fastEngines)
  expect(wrong.status).toBe(2)
  expect(wrong.stderr).toContain('generic.sparc')
  expect(wrong.stderr).toContain('generic.x86_64')
  const one = await scene.command(dropArgs(scene, compose, '--images', 'generic.x86_64'), fastEngines)
  expect(one.status).toBe(0)
  expect(subjectsOf(await scene.events())['image.built.v1']).toBe(1)
})

it('a milestone waits, closed, for the blessing of a person', async () => {
  await using scene = await createScene()
  const id = 'Fedora-43-20260901.0'
  const drop = `milestone-${id}`
  const message = { compose_type: 'production', compose_label: 'Beta-1.2', compose_date: '20260901', compose_respin: 0 }
  const release = { release_short: 'Fedora', release_version: '43', release_type: 'ga' }
  const compose = await scene.compose(id, { ...message, ...release })
  const child = scene.start(dropArgs(scene, compose, '--json'), fastEngines)
  child.stderr.resume()
  const seen: string[] = []
  for await (const line of createInterface(child.stdout)) {
    const { subject } = JSON.parse(line) as Envelope
    seen.push(subject)
    if (subject !== 'drop.staged.v1') continue
    expect(globSync('**/*.qcow2', { cwd: join(scene.state, 'mirror', 'releases') })).toEqual([])
    const pretended = await scene.command(['bless', drop, '--by', 'Jane Doe', '--state', scene.state])
    expect(pretended).toMatchObject({ status: 2, stderr: expect.stringContaining(userInfo().username) as string })
    const blessed = await scene.command(['bless', drop, '--state', scene.state])
    expect(blessed.status).toBe(0)
  }
  expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0)
  expect(seen.at(-1)).toBe('drop.announced.v1')
  const events = await scene.events()
  expect(events.find((event) => event.subject === 'drop.blessed.v1')?.body).toMatchObject({ by: userInfo().username })
  expect(globSync('releases/test/43_Beta/**/*.qcow2', { cwd: join(scene.state, 'mirror') }).length).toBeGreaterThan(0)
})

it('tells which image failed, at which step, why, and where the log is; a retry goes on from there', async () => {
  await using scene = await createScene()
  const compose = await scene.compose(nightly)
  const failing = { ...fastEngines, IMAGEDROP_BUILDER_ENGINE: 'mkosi', PATH: join(process.execPath, '..') }
  const failed = await scene.command(dropArgs(scene, compose, '--images', 'generic.x86_64'), failing)
  expect(failed.status).toBe(1)
  expect(failed.stdout).toMatch(/generic\.x86_64 failed at builder \(environment\): .*mkosi/)
  expect(failed.stdout).toContain('log: ')
  const retried = await scene.command(['retry', weeklyDrop, '--state', scene.state])
  expect(retried.stdout).toContain('jobs are queued again')
  const second = await scene.command(dropArgs(scene, compose), fastEngines)
  expect(second.stdout + second.stderr).toContain('published and announced')
  expect(second.status).toBe(0)
})

it('stops cleanly on Ctrl-C within 10 s, and the next run resumes', async () => {
  await using scene = await createScene()
  const compose = await scene.compose(nightly)
  const child = scene.start(dropArgs(scene, compose, '--json'), fastEngines)
  child.stderr.resume()
  const ended = once(child, 'exit') as Promise<[number]>
  let began = 0
  for await (const line of createInterface(child.stdout)) {
    if (began > 0 || !line.includes('"image.built.v1"')) continue
    child.kill('SIGINT')
    began = Date.now()
  }
  const [status] = await ended
  expect(status).toBe(130)
  expect(Date.now() - began).toBeLessThan(10_000)
  const locks = globSync('*.lock', { cwd: join(scene.state, 'locks') })
  expect(locks).not.toEqual([])
  for (const name of locks) {
    using lock = tryLock(join(scene.state, 'locks', name))
    expect(lock, name).not.toBeNull()
  }
  const again = await scene.command(dropArgs(scene, compose), fastEngines)
  expect(again.status).toBe(0)
  expect(subjectsOf(await scene.events())).toMatchObject({
    'drop.scheduled.v1': 1,
    'image.built.v1': 4,
    'drop.announced.v1': 1,
  })
})

it('a cancelled drop stops, and a retry takes it up again', async () => {
  await using scene = await createScene()
  const compose = await scene.compose(nightly)
  const child = scene.start(dropArgs(scene, compose, '--json'), fastEngines)
  child.stderr.resume()
  for await (const line of createInterface(child.stdout)) {
    if (line.includes('"drop.scheduled.v1"')) {
      const asked = await scene.command(['cancel', weeklyDrop, '--state', scene.state])
      expect(asked.stderr).toBe('')
    }
  }
  const [status] = child.exitCode === null ? ((await once(child, 'exit')) as [number]) : [child.exitCode]
  const state = (await scene.command(['status', '--state', scene.state])).stdout
  // A drop of null engines may have been announced before the request was heard; then there is nothing to cancel.
  if (state.includes('announced')) return
  expect(status).toBe(1)
  expect(state).toContain('cancelled')
  expect(globSync('**/*.qcow2', { cwd: join(scene.state, 'mirror') })).toEqual([])
  await scene.command(['retry', weeklyDrop, '--state', scene.state])
  const again = await scene.command(dropArgs(scene, compose), fastEngines)
  expect(again.stdout).toContain('published and announced')
  expect(again.status).toBe(0)
})

it('a respin takes the place of an earlier compose of the day', async () => {
  await using scene = await createScene()
  const first = await scene.compose(nightly)
  const respin = await scene.compose('Debian-12-20260711.n.1')
  expect((await scene.command(dropArgs(scene, first), fastEngines)).status).toBe(0)
  expect((await scene.command(dropArgs(scene, respin), fastEngines)).status).toBe(0)
  const events = await scene.events()
  const asked = events.filter((event) => event.subject === 'drop.supersession.requested.v1')
  expect(asked.map((event) => event.drop)).toEqual([weeklyDrop])
})

it.each([
  ['text that is not JSON', 'certainly { not json', /JSON/],
  ['a message without its location', '{"compose_id":"Debian-12-20260711.n.0","status":"FINISHED"}', /location/],
  ['an unknown distribution', message({ compose_id: 'Plan9-4-20260711.n.0' }), /Plan9/],
  [
    'a compose id with a path in it',
    message({ compose_id: '../../etc/passwd' }),
    /compose_id.*\.\.\/\.\.\/etc\/passwd/,
  ],
  ['a location outside the allow-list', message({ location: 'https://example.org/evil' }), /location.*example\.org/],
  ['a location that climbs out of the allow-list', message({ location: '/srv/composes/../../etc' }), /location.*\.\./],
  ['a compose that has only started', message({ status: 'STARTED' }), /STARTED/],
])('refuses %s with one clear error, and nothing is half-done', async (_what, text, error) => {
  await using scene = await createScene()
  const path = join(scene.root, 'message.json')
  const { writeFile } = await import('node:fs/promises')
  await writeFile(path, text)
  const { status, stderr } = await scene.command(dropArgs(scene, path), fastEngines)
  expect(status).toBeGreaterThan(0)
  expect(stderr).toMatch(error)
  expect(
    stderr
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('imagedrop:')),
  ).toHaveLength(1)
  expect(existsSync(join(scene.state, 'mirror', 'alt'))).toBe(false)
})

it('refuses a policy file with a wrong key, naming it', async () => {
  await using scene = await createScene()
  const compose = await scene.compose(nightly)
  const policy = join(scene.root, 'drops.yaml')
  const { writeFile } = await import('node:fs/promises')
  const shipped = await readFile(join(import.meta.dirname, '..', '..', 'deploy', 'drops.yaml'), 'utf8')
  await writeFile(policy, shipped.replace(/^cadence:/m, 'cadense:'))
  const env = { ...fastEngines, IMAGEDROP_SCHEDULER_POLICY: policy }
  const { status, stderr } = await scene.command(dropArgs(scene, compose), env)
  expect(status).toBe(1)
  expect(stderr).toContain('cadense')
})

it('a second process does not work in the same state folder', async () => {
  await using scene = await createScene()
  const up = scene.start(['up', '--state', scene.state, '--port', '0'], fastEngines)
  up.stderr.resume()
  for await (const line of createInterface(up.stdout)) if (line.includes('"listening"')) break
  up.stdout.resume()
  const second = await scene.command(['drop', '--compose', await scene.compose(nightly), '--state', scene.state])
  expect(second.status).toBe(2)
  expect(second.stderr).toContain(`process ${String(up.pid)}`)
  up.kill('SIGTERM')
  expect((await once(up, 'exit'))[0]).toBe(0)
})

function message(fields: Record<string, unknown>): string {
  return JSON.stringify({ compose_id: nightly, location: '/srv/composes/one', status: 'FINISHED', ...fields })
}

import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dropAnnounced } from '#events/drop-announced.ts'
import { dropBlessed } from '#events/drop-blessed.ts'
import { dropMirrored } from '#events/drop-mirrored.ts'
import { dropPublished } from '#events/drop-published.ts'
import { dropReady } from '#events/drop-ready.ts'
import { dropScheduled } from '#events/drop-scheduled.ts'
import { dropStaged } from '#events/drop-staged.ts'
import { imageBuilt } from '#events/image-built.ts'
import { imageConverted } from '#events/image-converted.ts'
import { imageRequested } from '#events/image-requested.ts'
import { imageTested } from '#events/image-tested.ts'
import { imageUploaded } from '#events/image-uploaded.ts'
import { blessingRequested } from '#events/operator.ts'
import { run } from '#subprocess/run.ts'
import { profileDrop, type Profile } from './profile.ts'
import { sumOf } from './service-times.ts'
import { atSecond, drop, leaseOne, ofDrop, openPastDrop, type PastDrop } from './testing/past-drop.ts'
import { drawProfile } from './svg.ts'
import { renderProfile } from './text.ts'

const [here, there] = ['a/1/1', 'b/7/1']

/** An image that is built, tested, and uploaded when it is converted as well. */
async function makeImage(past: PastDrop) {
  const scheduled = await past.happens(dropScheduled, 0, 'scheduler')
  const wanted = await past.handles('scheduler', scheduled, imageRequested, { owner: here, leased: 1, ended: 2 })
  const built = await past.handles('builder', wanted, imageBuilt, { owner: there, leased: 10, ended: 70 })
  const tested = await past.handles('boot-tester', built, imageTested, { owner: there, leased: 72, ended: 150 })
  const upload = await past.begins('openstack-publisher', tested, here, 151)
  const wait = { for: 'key', until: atSecond(5_000), reason: 'its files', state: null, events: [] }
  await past.ledger.park(upload.id, here, wait, atSecond(152))
  return { built, upload }
}

/** The rest: a blessing that a person takes minutes for, the mirror, the announcement. */
async function publish(past: PastDrop, built: Awaited<ReturnType<typeof makeImage>>['built']) {
  const converted = await past.handles('converter', built, imageConverted, { owner: there, leased: 75, ended: 180 })
  const wakes = { envelope: converted, key: null, wanted: false, endsWork: false, wakes: 'key' }
  await past.ledger.accept('openstack-publisher', [wakes], atSecond(180))
  const woken = await leaseOne(past.ledger, 'openstack-publisher', here, 181)
  const uploaded = await past.ends(woken, imageUploaded, { owner: here, ended: 190 })
  const ready = await past.handles('scheduler', uploaded, dropReady, { owner: here, leased: 191, ended: 192 })
  await past.handles('mirror-publisher', ready, dropStaged, { owner: here, leased: 193, ended: 200 })
  const asked = await past.happens(blessingRequested, 500)
  const blessed = await past.handles('scheduler', asked, dropBlessed, { owner: here, leased: 502, ended: 503 })
  const mirrored = await past.handles('mirror-publisher', blessed, dropMirrored, {
    owner: here,
    leased: 504,
    ended: 550,
  })
  const published = await past.handles('scheduler', mirrored, dropPublished, { owner: here, leased: 551, ended: 552 })
  const told = await past.handles('announcer', published, dropAnnounced, { owner: here, leased: 560, ended: 600 })
  await past.begins('scheduler', told, here, 601)
}

async function profileOf({ ledger }: PastDrop, now: number): Promise<Profile> {
  const profile = await profileDrop(ledger, drop, atSecond(now))
  if (!profile) throw new Error('nothing was said of the drop')
  return profile
}

describe('the profile of an announced drop', () => {
  let past: PastDrop
  let profile: Profile
  beforeAll(async () => {
    past = await openPastDrop()
    const { built } = await makeImage(past)
    await publish(past, built)
    profile = await profileOf(past, 10_000)
  })
  afterAll(async () => {
    await past[Symbol.asyncDispose]()
  })

  it('is drawn for a terminal', () => {
    const text = renderProfile(profile, { width: 100, all: false }).map(stripVTControlCharacters).join('\n')
    expect(text).toMatchInlineSnapshot(`
      "weekly-Debian-12-20260711.n.0: 10:00, from 2026-07-11 06:00:00Z to its announcement

        JOB                              WAITED  RAN
      in the process a/1
      * scheduler            drop        1.0 s   1.0 s  █
      * openstack-publisher  ec2.x86_64  0:31    9.0 s              ░░░█
      * scheduler            ec2.x86_64  1.0 s   1.0 s                  █
      * mirror-publisher     drop        1.0 s   7.0 s                  █
      * scheduler            drop        2.0 s   1.0 s                                           █
      * mirror-publisher     drop        1.0 s   0:46                                            ████
      * scheduler            drop        1.0 s   1.0 s                                               █
      * announcer            drop        8.0 s   0:40                                                ░███
      in the process b/7
      * builder              ec2.x86_64  8.0 s   1:00   ░█████
        boot-tester          ec2.x86_64  2.0 s   1:18         ██████
      * converter            ec2.x86_64  5.0 s   1:45         █████████
        * on the critical path, ░ waiting, █ running
        1 more came after the announcement

      SERVICE              JOBS  WAITED  RAN    SHARE
      converter            1     5.0 s   1:45   30 %
      boot-tester          1     2.0 s   1:18   22 %
      builder              1     8.0 s   1:00   17 %
      mirror-publisher     2     2.0 s   0:53   15 %
      announcer            1     8.0 s   0:40   11 %
      openstack-publisher  1     0:31    9.0 s  3 %
      scheduler            4     5.0 s   4.0 s  1 %

      CRITICAL PATH                      AFTER                       WAITED  RAN    SHARE
      scheduler                          drop.scheduled.v1           1.0 s   1.0 s  0 %
      builder of ec2.x86_64              image.requested.v1          8.0 s   1:00   11 %
      converter of ec2.x86_64            image.built.v1              5.0 s   1:45   18 %
      openstack-publisher of ec2.x86_64  image.converted.v1          1.0 s   9.0 s  2 %
      scheduler of ec2.x86_64            image.uploaded.v1           1.0 s   1.0 s  0 %
      mirror-publisher                   drop.ready.v1               1.0 s   7.0 s  1 %
      until drop.blessing.requested.v1                               5:00    0.0 s  50 %
      scheduler                          drop.blessing.requested.v1  2.0 s   1.0 s  1 %
      mirror-publisher                   drop.blessed.v1             1.0 s   0:46   8 %
      scheduler                          drop.mirrored.v1            1.0 s   1.0 s  0 %
      announcer                          drop.published.v1           8.0 s   0:40   8 %
      critical path 10:00: 5:29 (55 %) is waiting; the longest step is until drop.blessing.requested.v1, 5:00 (50 %)"
    `)
  })

  it('has a critical path that joins and fills the whole time', () => {
    const { criticalPath, from, until } = profile
    const whole = sumOf(criticalPath, 'waiting') + sumOf(criticalPath, 'running')
    expect(whole).toBe(until.getTime() - from.getTime())
    const ends = criticalPath.map((step) => step.from.getTime() + step.waiting + step.running)
    expect(ends.slice(0, -1)).toEqual(criticalPath.slice(1).map((step) => step.from.getTime()))
  })

  it('leaves out what cannot be seen in a bar, unless all is wanted or the critical path goes through it', () => {
    const hasTester = (all: boolean) =>
      renderProfile({ ...profile, until: atSecond(100_000) }, { width: 60, all }).some((line) =>
        /^ {2}boot-tester/.test(line),
      )
    expect([hasTester(false), hasTester(true)]).toEqual([false, true])
  })

  it('is a picture that is well-formed, has a bar for each job, and no script', async () => {
    const picture = drawProfile({ ...profile, drop: 'a<script>&"' })
    await using folder = await mkdtempDisposable(join(tmpdir(), 'imagedrop-svg-'))
    const file = join(folder.path, 'profile.svg')
    await writeFile(file, picture)
    const count = (name: string) => `count(//*[local-name()="${name}"])`
    const { stdout } = await run('xmllint', ['--xpath', `concat(${count('g')}, " ", ${count('script')})`, file])
    expect(stdout.trim()).toBe('11 0')
  })
})

describe('the profile of a drop of which something was expected', () => {
  it('tells how long each job was expected to run, and how far the plan was off', async () => {
    await using past = await openPastDrop()
    const paths = [['builder', 'converter']]
    const seconds = [100, 130]
    for (const [place, took] of seconds.entries()) {
      const wanted = ofDrop(imageRequested, place * 1_000)
      await past.ledger.accept(
        'builder',
        [{ envelope: wanted, key: null, wanted: true, endsWork: false, paths }],
        atSecond(0),
      )
      const job = await leaseOne(past.ledger, 'builder', here, place * 1_000)
      await past.ends(job, imageBuilt, { owner: here, ended: place * 1_000 + took })
    }
    const profile = await profileOf(past, 2_000)
    expect(profile.jobs.map(({ expected }) => expected)).toEqual([null, 100_000])
    const lines = renderProfile(profile, { width: 100, all: true }).map(stripVTControlCharacters)
    expect(lines).toContainEqual(expect.stringMatching(/JOB .* WAITED +RAN +EXPECTED/))
    expect(lines.at(-1)).toBe('the plan: 1 job took 2:10, expected were 1:40; each by itself, 30 % off')
    expect(drawProfile(profile)).toContain('ran 2:10, expected 1:40')
  })
})

describe('the profile of a drop that is not announced', () => {
  it('goes on to now while work is left, and counts what waits', async () => {
    await using past = await openPastDrop()
    const { upload } = await makeImage(past)
    const profile = await profileOf(past, 1_000)
    expect(profile).toMatchObject({ announced: false, until: atSecond(1_000) })
    const waits = profile.jobs.find(({ id }) => id === upload.id)
    expect(waits).toMatchObject({ state: 'waiting', process: null, leased: null, waiting: 850_000, running: 0 })
    expect(profile.criticalPath.map(({ service }) => service)).toEqual(['scheduler', 'builder', 'boot-tester'])
    expect(renderProfile(profile, { width: 100, all: false })[0]).toBe(
      `${drop}: 16:40 so far, from 2026-07-11 06:00:00Z; it is not announced`,
    )
  })

  it('ends with what happened last when no work is left', async () => {
    await using past = await openPastDrop()
    const scheduled = await past.happens(dropScheduled, 0, 'scheduler')
    await past.handles('scheduler', scheduled, imageRequested, { owner: here, leased: 1, ended: 2 })
    expect((await profileOf(past, 1_000)).until).toEqual(atSecond(2))
  })

  it('tells the time that a person took whose request came over the bus, and is not in the ledger', async () => {
    await using past = await openPastDrop()
    await past.happens(dropScheduled, 0, 'scheduler')
    const asked = ofDrop(blessingRequested, 300)
    await past.handles('scheduler', asked, dropBlessed, { owner: here, leased: 302, ended: 303 })
    expect((await profileOf(past, 1_000)).criticalPath).toMatchObject([
      { job: null, subject: blessingRequested.subject, waiting: 300_000, running: 0 },
      { service: 'scheduler', subject: blessingRequested.subject, waiting: 2_000, running: 1_000 },
    ])
  })

  it('is none when nothing was said of it', async () => {
    await using past = await openPastDrop()
    expect(await profileDrop(past.ledger, drop, atSecond(0))).toBeNull()
  })
})

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Audience, Heard, OpenAudience } from '../testing/audience.ts'
import { debianDrop, withFailure, withRegistrations, withText } from '../testing/drops.ts'
import {
  dropFailing,
  expired,
  imageFailing,
  overdue,
  published,
  ready,
  superseded,
  tested,
  unchanged,
} from '../testing/news.ts'
import { previewDrop } from '../preview.ts'
import { openAnnouncer, type TestAnnouncer } from '../testing/open-announcer.ts'
import type { Lone } from '../testing/announce-alone.ts'
import type { FoundChannel } from './find-channels.ts'

const { drop } = debianDrop()
const execute = promisify(execFile)

/** What every channel promises, told to the audience of its `testing/audience.ts`. */
export function channelContract({ name, path }: FoundChannel): void {
  describe(`the channel ${name}`, () => {
    it('tells of a published drop, by its name and with how many images passed', async () => {
      await using stage = await openStage(name, path)
      const [said] = await stage.announcer.hear(published(withFailure('no package named "cloud-int"')))
      const heard = await stage.audience.heard(drop)
      expect(heard).toHaveLength(1)
      expect(heard[0]?.text).toContain('Debian 12 cloud images 20260711')
      expect(heard[0]?.text).toContain('3 of 4')
      expect(said?.body).toMatchObject({ told: [{ channel: name, to: expect.any(String), id: expect.any(String) }] })
    })

    it('tells of a drop once though it is asked twice, also after a restart, and names the same people', async () => {
      await using stage = await openStage(name, path)
      const first = await stage.announcer.hear(published(debianDrop()))
      expect(await stage.announcer.hear(published(debianDrop(), '2026-07-11T18:00:00.000Z'))).toEqual(first)
      await using restarted = await stage.restart()
      expect(await restarted.hear(published(debianDrop()))).toEqual(first)
      expect(await stage.audience.heard(drop)).toHaveLength(1)
    })

    it('tells of two drops at the same time, each once', async () => {
      await using stage = await openStage(name, path)
      const drops = [debianDrop('20260711'), debianDrop('20260712')]
      await Promise.all(drops.map((body) => stage.announcer.hear(published(body))))
      for (const body of drops) expect(await stage.audience.heard(body.drop)).toHaveLength(1)
    })

    it('killed before any of its steps, has told nothing by halves, and ends with all told alike', async () => {
      const whole = await announceAlone(name, path, 0)
      expect(whole.steps).toBeGreaterThan(0)
      // Two at a time: most of what they take is the start of a process.
      for (let step = 1; step <= whole.steps; step += 2) {
        await Promise.all([step, step + 1].map((nth) => expectSurvived(nth, whole.heard)))
      }
    }, 180_000)

    async function expectSurvived(nth: number, whole: Awaited<ReturnType<Audience['heard']>>): Promise<void> {
      const { atTheKill, heard } = await announceAlone(name, path, nth)
      // Where it cannot be known whether a message arrived, its copy is the same message.
      for (const one of [...atTheKill, ...heard]) expect(one, `killed before step ${String(nth)}`).toEqual(whole[0])
      expect(heard.length, `killed before step ${String(nth)}`).toBeGreaterThan(0)
      expect(heard.length, `killed before step ${String(nth)}`).toBeLessThanOrEqual(atTheKill.length + 1)
    }

    it('lets no text of a drop out of its place', async () => {
      await using plain = await openStage(name, path)
      await plain.announcer.hear(published(withText('x')))
      const [expected] = await plain.audience.heard(drop)
      for (const text of foreignTexts) {
        await using stage = await openStage(name, path)
        await stage.announcer.hear(published(withText(text)))
        const [heard] = await stage.audience.heard(drop)
        expect(heard?.frame, JSON.stringify(text.slice(0, 40))).toEqual(expected?.frame)
        expectClean(heard)
      }
    })

    it('lets no text of a failure or a withdrawal out of its place', async () => {
      const tell = async (text: string) => {
        await using stage = await openStage(name, path)
        for (const event of [dropFailing(debianDrop(), text), imageFailing(debianDrop(), text)]) {
          await stage.announcer.hear(event)
        }
        await stage.announcer.hear(ready(withText(text)))
        await stage.announcer.hear(published(debianDrop()))
        await stage.announcer.hear(superseded(debianDrop(), text))
        return await stage.audience.heard(drop)
      }
      const expected = await tell('x')
      for (const text of foreignTexts) {
        const heard = await tell(text)
        expect(framesOf(heard), JSON.stringify(text.slice(0, 40))).toEqual(framesOf(expected))
        heard.forEach(expectClean)
      }
    })

    it('shows what it would say of a drop, to nobody', async () => {
      await using stage = await openStage(name, path)
      const { previews } = await previewDrop(
        { body: debianDrop(), at: '2026-07-11T12:00:00.000Z', drops: [] },
        {
          env: stage.audience.env,
          roots: stage.roots,
          titles: new Map(),
          launchAddressOf: () => null,
          artifacts: stage.announcer.artifacts,
          folder: await mkdtemp(join(stage.state, 'preview-')),
          only: [],
          signal: new AbortController().signal,
        },
      )
      expect(previews.map(({ channel }) => channel)).toEqual([name])
      for (const { says } of previews) if (says !== null) expect(says).toContain('Debian 12 cloud images 20260711')
      expect(await stage.audience.heard(drop)).toEqual([])
    })

    it('tells of images that are registered nowhere, and in many places of many targets', async () => {
      const places = ['one', 'two', 'three'].flatMap((target) =>
        ['here', 'there'].map((place) => ({
          target,
          emulated: false,
          place,
          id: `${target}-id`,
          name: 'n',
          details: {},
        })),
      )
      for (const registrations of [[], places]) {
        await using stage = await openStage(name, path)
        await stage.announcer.hear(published(withRegistrations(registrations)))
        expect(await stage.audience.heard(drop)).toHaveLength(1)
      }
    })

    it('hears of a withdrawal, twice too, and tells nobody of the drop again', async () => {
      for (const withdrawn of [superseded(debianDrop(), 'nightly-Debian-12-20260711.1'), expired(debianDrop())]) {
        await using stage = await openStage(name, path)
        await stage.announcer.hear(published(debianDrop()))
        await stage.announcer.hear(withdrawn)
        const heard = await stage.audience.heard(drop)
        const isTold = stage.audience.chose?.some((kind) => kind === 'withdrawn' || kind === 'expired')
        if (isTold) expect(heard).toHaveLength(2)
        else expect(heard.length).toBeLessThanOrEqual(1)
        await stage.announcer.hear(withdrawn)
        expect(await stage.announcer.hear(published(debianDrop()))).toEqual([])
        expect(await stage.audience.heard(drop)).toEqual(heard)
      }
    })

    it('tells what else happens to a drop to those who chose it, once, also after a restart', async () => {
      await using stage = await openStage(name, path)
      const { chose = [] } = stage.audience
      const happened = [
        imageFailing(debianDrop(), 'no package named "cloud-int"'),
        tested(debianDrop(), 'failed'),
        tested(debianDrop(), 'passed'),
        ready(withFailure('no package named "cloud-int"')),
        ready(debianDrop(), 'policy'),
        dropFailing(debianDrop(), 'no space left'),
      ]
      await Promise.all(happened.map((event) => stage.announcer.hear(event)))
      await using restarted = await stage.restart()
      for (const event of happened) expect(await restarted.hear(event)).toEqual([])
      const heard = (await stage.audience.heard(drop)).map(({ text }) => text)
      const expected = [
        ...(chose.includes('failed') ? [/generic\.x86_64 .*"cloud-int"/, /boot test failed/, /no space left/] : []),
        ...(chose.includes('waiting') ? [/waits for a blessing: 3 of 4/] : []),
      ]
      for (const text of expected) expect(heard).toContainEqual(expect.stringMatching(text))
      expect(heard).toHaveLength(expected.length)
    })

    it('tells that a drop is overdue, or that nothing has changed, to those who chose it, once', async () => {
      await using stage = await openStage(name, path)
      const events = [overdue('Debian-12-20180426.n.0'), unchanged(debianDrop(), 'weekly-Debian-12-20180419.n.0')]
      for (const event of [...events, ...events]) expect(await stage.announcer.hear(event)).toEqual([])
      for (const [about, kind, said] of [
        ['Debian-12.weekly-2018-W18', 'overdue', /is\s+overdue: no\s+nightly[\s\S]*30\s+April/],
        [drop, 'unchanged', /is\s+not\s+built: nothing\s+has\s+changed\s+since\s+weekly-Debian-12-20180419/],
      ] as const) {
        const heard = (await stage.audience.heard(about)).map(({ text }) => text)
        expect(heard).toHaveLength(stage.audience.chose?.includes(kind) ? 1 : 0)
        for (const text of heard) expect(text).toMatch(said)
      }
    })

    it('tells nobody of a drop that was withdrawn before', async () => {
      await using stage = await openStage(name, path)
      await stage.announcer.hear(superseded(debianDrop(), 'somebody'))
      expect(await stage.announcer.hear(published(debianDrop()))).toEqual([])
      expect(await stage.audience.heard(drop)).toEqual([])
    })

    async function announceAlone(channel: string, folder: string, nth: number) {
      await using stage = await openStage(channel, folder)
      const lone: Lone = { ...stage, env: stage.audience.env, killBefore: nth }
      const script = join(import.meta.dirname, '../testing/announce-alone.ts')
      const ended = execute(process.execPath, [script, JSON.stringify(lone)], { timeout: 60_000 })
      const steps = await ended.then(
        ({ stdout }) => Number(stdout),
        (error: unknown) => {
          if (error instanceof Error && 'signal' in error && error.signal === 'SIGKILL') return nth
          throw error
        },
      )
      const atTheKill = await stage.audience.heard(drop)
      await stage.announcer.hear(published(debianDrop()))
      await stage.announcer.hear(published(debianDrop()))
      return { steps, atTheKill, heard: await stage.audience.heard(drop) }
    }
  })
}

const framesOf = (heard: readonly Heard[]) => heard.map(({ frame }) => frame)

function expectClean(heard: Heard | undefined): void {
  expect(heard?.text).not.toMatch(/[^\P{Cc}\t\r\n]|[\u202a-\u202e\u2066-\u2069]/u)
}

/** What others may write into a name, a reason or a detail. */
const foreignTexts = [
  `</code></article><script>alert("x")</script><img src=x onerror='y'>]]>&amp;<!--`,
  'one\r\nBcc: all@example.org\r\n\r\n.\r\nQUIT\r\n',
  '\r\nPRIVMSG #fedora :hello\r\n\u0001ACTION waves\u0001',
  '\u0000\u0007\u001b[31mred\u202etxt.exe\u2028\u2029\ud800',
  'From somebody\n-- \n=?utf-8?q?hello?=',
  '発行'.repeat(400),
  'a'.repeat(20_000),
]

/** An announcer with one channel, and its audience. */
interface Stage extends AsyncDisposable {
  readonly announcer: TestAnnouncer
  readonly audience: Audience
  readonly state: string
  readonly roots: readonly string[]
  restart(): Promise<TestAnnouncer>
}

async function openStage(name: string, path: string): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), `channel-${name}-`))
  const state = join(folder, 'state')
  await mkdir(join(folder, 'channels'))
  await symlink(path, join(folder, 'channels', name))
  const { openAudience } = (await import(join(path, 'testing', 'audience.ts'))) as { openAudience: OpenAudience }
  const audience = await openAudience(join(state, 'announcements'))
  const roots = [join(folder, 'channels')]
  const restart = () => openAnnouncer({ state, roots, env: audience.env })
  return {
    announcer: await restart(),
    audience,
    state,
    roots,
    restart,
    [Symbol.asyncDispose]: async () => {
      await audience[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

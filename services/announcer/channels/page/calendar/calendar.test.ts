import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { calendarChanged, type CalendarEntry } from '#events/calendar.ts'
import { seal } from '#events/envelope.ts'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { dropFailing, expired, published, superseded, unchanged } from '../../../testing/news.ts'
import { openAnnouncer, type TestAnnouncer } from '../../../testing/open-announcer.ts'
import { debian12, sampleDrop } from '../testing/sample-drops.ts'
import { readSite } from '../testing/read-site.ts'

const monday = new Date('2026-11-23T06:00:00.000Z')
const body = sampleDrop(debian12, monday)
const pageUrl = 'https://images.example.org/drops'

function week(number: number, other: Partial<CalendarEntry> = {}): CalendarEntry {
  const due = new Date(monday.getTime() + (number - 48) * 7 * 86_400_000).toISOString()
  const blank = { milestone: null, revision: 0, changedAt: '2026-11-20T06:00:00.000Z', drop: null }
  return { key: `weekly-2026-W${String(number)}`, due, overdue: false, calledOff: false, ...blank, ...other }
}

const beta: CalendarEntry = {
  ...week(49),
  key: 'Beta',
  milestone: 'Beta',
  due: '2026-12-08T00:00:00.000Z',
  revision: 1,
}

function changed(entries: CalendarEntry[], time: string, stream = 'Debian-12') {
  return seal({ subject: calendarChanged.subject, body: { stream, entries } }, { now: new Date(time) })
}

/** What a second implementation reads in a calendar: its events, by UID. */
interface ReadEvent {
  readonly start: string
  readonly sequence: number
  readonly stamp: string
  readonly changed: string
  readonly summary: string
  readonly description: string
  readonly status: string
  readonly url: string | null
}

const reader = `
import json, sys
from icalendar import Calendar
calendar = Calendar.from_ical(open(sys.argv[1], 'rb').read())
problems = [str(one) for part in calendar.walk() for one in part.errors]
events = {}
for event in calendar.walk('VEVENT'):
    uid = str(event['UID'])
    assert uid not in events, uid
    events[uid] = dict(
        start=event.decoded('DTSTART').isoformat(),
        sequence=event.decoded('SEQUENCE'),
        stamp=event.decoded('DTSTAMP').isoformat(),
        changed=event.decoded('LAST-MODIFIED').isoformat(),
        summary=str(event['SUMMARY']),
        description=str(event['DESCRIPTION']),
        status=str(event['STATUS']),
        url=str(event['URL']) if 'URL' in event else None,
    )
assert calendar['VERSION'] == '2.0' and calendar['PRODID'], calendar
print(json.dumps(dict(problems=problems, events=events)))
`

let python: string
beforeAll(async () => {
  python = join(await providePythonEnvironment('icalendar', ['icalendar==7.3.2']), 'python3')
}, 180_000)

async function readCalendar(announcer: TestAnnouncer, path = 'calendar.ics'): Promise<Record<string, ReadEvent>> {
  const script = join(announcer.state, 'read.py')
  await writeFile(script, reader)
  const { stdout } = await run(python, [script, announcer.at(path)])
  const { problems, events } = JSON.parse(stdout) as { problems: string[]; events: Record<string, ReadEvent> }
  expect(problems).toEqual([])
  return events
}

const idOf = (key: string, stream = 'Debian-12') => `${stream}.${key}@imagedrop.localhost`

describe('the calendar', () => {
  it('is read by others: weeks at their hour, milestones on their day, what came of them, under names that stay', async () => {
    await using at = await openAnnouncer({ env: { IMAGEDROP_ANNOUNCER_PAGE_URL: pageUrl } })
    await at.hear(
      changed([week(47, { overdue: true }), week(48, { drop: body.drop }), beta], '2026-11-23T07:00:00.000Z'),
    )
    await at.hear(published(body, '2026-11-25T08:00:00.000Z'))
    const events = await readCalendar(at)
    expect(Object.keys(events)).toEqual([idOf('weekly-2026-W47'), idOf('weekly-2026-W48'), idOf('Beta')])
    expect(events[idOf('weekly-2026-W47')]).toMatchObject({
      start: '2026-11-16T06:00:00+00:00',
      summary: 'Debian 12 weekly cloud images (overdue)',
      status: 'CONFIRMED',
      url: null,
    })
    expect(events[idOf('weekly-2026-W48')]).toMatchObject({
      changed: '2026-11-25T08:00:00+00:00',
      description: 'Published on 25 November 2026, 2 days after it was due.',
      url: `${pageUrl}/drops/${body.drop}.html`,
    })
    expect(events[idOf('Beta')]).toMatchObject({ start: '2026-12-08', sequence: 1, stamp: '2026-11-20T06:00:00+00:00' })
  })

  it('follows a day that moves, and says what was called off', async () => {
    await using at = await openAnnouncer()
    await at.hear(changed([beta], '2026-11-20T07:00:00.000Z'))
    const moved = { ...beta, due: '2026-12-15T00:00:00.000Z', revision: 2, changedAt: '2026-11-21T06:00:00.000Z' }
    await at.hear(changed([moved], '2026-11-21T06:00:00.000Z'))
    expect((await readCalendar(at))[idOf('Beta')]).toMatchObject({
      start: '2026-12-15',
      sequence: 2,
      changed: '2026-11-21T06:00:00+00:00',
    })
    await at.hear(changed([{ ...moved, revision: 3, calledOff: true }], '2026-11-22T06:00:00.000Z'))
    expect((await readCalendar(at))[idOf('Beta')]).toMatchObject({ sequence: 3, status: 'CANCELLED' })
  })

  it('says of a drop that it failed, until it is published after all, and of a published one that it was withdrawn', async () => {
    await using at = await openAnnouncer()
    const says = async () => (await readCalendar(at))[idOf('weekly-2026-W48')]?.description
    await at.hear(changed([week(48, { drop: body.drop })], '2026-11-23T07:00:00.000Z'))
    expect(await says()).toBe(`Its drop ${body.drop} was begun; it is not published yet.`)
    await at.hear(dropFailing(body, 'no space; left, on\nthe master'))
    expect(await says()).toBe('Failed on 11 July 2026: no space; left, on the master')
    await at.hear(published(body, '2026-11-23T08:00:00.000Z'))
    expect(await says()).toBe('Published on 23 November 2026.')
    await at.hear(superseded(body, 'jane', '2026-11-24T08:00:00.000Z'))
    expect(await says()).toBe('Published on 23 November 2026, withdrawn on 24 November 2026.')
  })

  it('says nothing else of a drop that has expired since; of one that was never published, that', async () => {
    await using at = await openAnnouncer()
    const says = async () => (await readCalendar(at))[idOf('weekly-2026-W48')]?.description
    await at.hear(changed([week(48, { drop: body.drop })], '2026-11-23T07:00:00.000Z'))
    await at.hear(published(body, '2026-11-23T08:00:00.000Z'))
    await at.hear(expired(body, '2026-12-23T08:00:00.000Z'))
    expect(await says()).toBe('Published on 23 November 2026.')
    await using other = await openAnnouncer()
    await other.hear(expired(body, '2026-12-23T08:00:00.000Z'))
    await other.hear(changed([week(48, { drop: body.drop })], '2026-12-23T09:00:00.000Z'))
    expect((await readCalendar(other))[idOf('weekly-2026-W48')]?.description).toBe(
      'Expired on 23 December 2026, before it was published.',
    )
  })

  it('says of a drop that was left out why, and of one that a person had built all the same that it was published', async () => {
    await using at = await openAnnouncer()
    const says = async () => (await readCalendar(at))[idOf('weekly-2026-W48')]?.description
    await at.hear(changed([week(48, { drop: body.drop })], '2026-11-23T07:00:00.000Z'))
    await at.hear(unchanged(body, 'weekly-Debian-12-20261116.n.0'))
    expect(await says()).toBe('It was not built: nothing had changed since weekly-Debian-12-20261116.n.0.')
    await at.hear(published(body, '2026-11-23T08:00:00.000Z'))
    expect(await says()).toBe('Published on 23 November 2026.')
  })

  it('is one of all releases, and one of each; an older word changes nothing, and the same word not a byte', async () => {
    await using at = await openAnnouncer()
    await at.hear(changed([week(48), week(49)], '2026-11-20T07:00:00.000Z'))
    await at.hear(changed([week(48)], '2026-11-20T07:00:00.000Z', 'Fedora-44'))
    const bytes = await readFile(at.at('calendar.ics'))
    await at.hear(changed([week(48)], '2026-11-19T07:00:00.000Z'))
    await at.hear(changed([week(48), week(49)], '2026-11-20T07:00:00.000Z'))
    expect(await readFile(at.at('calendar.ics'))).toEqual(bytes)
    expect(Object.keys(await readCalendar(at))).toHaveLength(3)
    expect(Object.keys(await readCalendar(at, 'releases/Debian-12.ics'))).toEqual([
      idOf('weekly-2026-W48'),
      idOf('weekly-2026-W49'),
    ])
  })

  it('is not there as long as nothing is planned, and forgets what became of drops before its first day', async () => {
    await using at = await openAnnouncer()
    await at.hear(published(body, '2026-11-23T08:00:00.000Z'))
    expect(await readdir(at.at('.'))).not.toContain('calendar.ics')
    await at.hear(changed([week(49)], '2026-11-30T07:00:00.000Z'))
    expect(await readdir(join(at.state, 'announcer/calendar/outcomes'))).toEqual([])
  })
})

it('the start page names what is due next, and what is overdue, and leads to the calendar', async () => {
  await using at = await openAnnouncer()
  await at.hear(published(body, '2026-11-23T08:00:00.000Z'))
  const weeks = [week(47), week(48, { drop: body.drop }), week(49), week(50)]
  await at.hear(changed([...weeks, beta], '2026-11-23T08:00:00.000Z'))
  await at.hear(changed([week(47, { overdue: true }), week(48)], '2026-11-23T08:00:00.000Z', 'Fedora-44'))
  const start = (await readSite(at.at('.'))).get('index.html') ?? ''
  const next = (/<h2 id="next">[\s\S]*?<\/section>/.exec(start)?.[0] ?? '').replaceAll(/<[^>]*>|\s+/g, ' ')
  expect(next.replaceAll(/ +/g, ' ')).toContain(
    'Fedora 44 weekly cloud images: overdue since 16 November 2026, 06:00 UTC ' +
      'Debian 12 weekly cloud images: due 30 November 2026, 06:00 UTC ' +
      'Debian 12 Beta cloud images: due 8 December 2026 Calendar of all drops',
  )
  expect(start).toContain('href="calendar.ics"')
})

import ical, { ICalCalendarMethod, ICalEventStatus, ICalEventTransparency, type ICalEventData } from 'ical-generator'
import type { Appointment } from '../../../story/appointment.ts'
import { addresses } from '../parts/site.ts'

interface CalendarSettings {
  readonly name: string
  /** The domain that ids are made with. */
  readonly domain: string
  /** Address of the folder of the start page. */
  readonly pageUrl: string
}

/** Writes drops as an iCalendar (RFC 5545) to subscribe to; the same drops are always the same text. */
export function renderCalendar(appointments: readonly Appointment[], settings: CalendarSettings): string {
  const calendar = ical({
    // The library writes the name as it is.
    name: settings.name.replaceAll(/[\\;,]/g, ' '),
    prodId: { company: 'imagedrop', product: 'imagedrop', language: 'EN' },
    method: ICalCalendarMethod.PUBLISH,
    ttl: readAgainAfter,
  })
  for (const one of appointments) calendar.createEvent(eventOf(one, settings))
  return `${calendar.toString()}\r\n`
}

/** Seconds. */
const readAgainAfter = 3600

function eventOf(appointment: Appointment, { domain, pageUrl }: CalendarSettings): ICalEventData {
  const { release, key, title, due, isDay, revision, changedAt, state, says, drop } = appointment
  const changed = new Date(changedAt)
  return {
    id: `${release}.${key}@${domain}`,
    sequence: revision,
    start: new Date(due),
    allDay: isDay,
    timezone: 'UTC',
    stamp: changed,
    lastModified: changed,
    summary: remarkable.has(state) ? `${title} (${state})` : title,
    description: says,
    status: state === 'called off' ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    transparency: ICalEventTransparency.TRANSPARENT,
    url: hasPage(state) && drop !== null ? new URL(addresses.drop({ drop }), withSlash(pageUrl)).href : null,
  }
}

/** What one has to see without opening it. */
const remarkable = new Set<Appointment['state']>(['overdue', 'failed', 'withdrawn', 'called off'])

function hasPage(state: Appointment['state']): boolean {
  return state === 'published'
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`
}

import type { Appointment } from '../../../story/appointment.ts'
import { dayInWords } from '../../../story/words.ts'
import { html, type Html } from '#markup/html.ts'
import { addresses, type Place } from '../parts/site.ts'

/** More would hide what there is behind what will be. */
const named = 3

/** What is due next, of each release and kind the first, and where the whole calendar is; nothing without a calendar. */
export function nextDrops(appointments: readonly Appointment[], at: Place): Html {
  if (appointments.length === 0) return html``
  const next = [
    ...new Map(
      appointments
        .filter(({ isAhead }) => isAhead)
        .toReversed()
        .map((one) => [one.title, one]),
    ).values(),
  ]
  return html`<section aria-labelledby="next">
    <h2 id="next">Next</h2>
    <ul>
      ${next
        .toReversed()
        .slice(0, named)
        .map((one) => html`<li>${one.title}: ${whenDue(one)}</li> `)}
      <li><a href="${at.to(addresses.calendar)}">Calendar of all drops</a> (iCalendar)</li>
    </ul>
  </section>`
}

function whenDue({ due, isDay, state }: Appointment): Html {
  const time = html`<time datetime="${isDay ? due.slice(0, 10) : due}"
    >${dayInWords(due)}${isDay ? '' : `, ${due.slice(11, 16)} UTC`}</time
  >`
  return state === 'overdue' ? html`<span class="badge bad">overdue</span> since ${time}` : html`due ${time}`
}

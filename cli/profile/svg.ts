import { html, type Html } from '#markup/html.ts'
import { formatDuration } from '../view/render.ts'
import type { TimedJob } from './job-times.ts'
import type { Profile } from './profile.ts'
import { conclusionOf, headOf, titleOf } from './words.ts'

const box = { width: 1200, label: 330, right: 20, top: 56, row: 20, bar: 14, bottom: 34 }
const ticks = 8

/** A profile as a picture for a page or a report: all its jobs, without scripts and without anything from elsewhere. */
export function drawProfile(profile: Profile): string {
  const rows = rowsOf(profile)
  const bottom = box.top + rows.length * box.row
  const height = bottom + box.bottom
  const picture = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 ${box.width} ${height}"
    width="${box.width}"
    height="${height}"
    font-family="sans-serif"
    font-size="12"
  >
    <title>${titleOf(profile)}</title>
    <desc>${conclusionOf(profile)}</desc>
    <rect width="${box.width}" height="${height}" fill="#fff" />
    <text x="10" y="20" font-size="14" font-weight="bold">${titleOf(profile)}</text>
    <text x="10" y="40">${conclusionOf(profile)}; it is red, waiting is grey</text>
    ${gridOf(profile, bottom)} ${rows.map((row, index) => drawRow(row, profile, box.top + index * box.row))}
  </svg>`
  return `${picture.markup}\n`
}

/** A job, or the name of the process that the next ones ran in. */
type Row = TimedJob | string

function rowsOf({ jobs }: Profile): Row[] {
  const groups = Map.groupBy(jobs, ({ process }) => process)
  return [...groups].flatMap(([process, some]) => [...(groups.size > 1 ? [headOf(process)] : []), ...some])
}

function gridOf(profile: Profile, bottom: number): Html[] {
  const whole = profile.until.getTime() - profile.from.getTime()
  return Array.from({ length: ticks + 1 }, (_none, index) => {
    const time = (whole / ticks) * index
    const x = placeOf(time, profile)
    return html`<path d="M${x} ${box.top}V${bottom}" stroke="#ddd" />
      <text x="${x}" y="${bottom + 18}" text-anchor="${index === ticks ? 'end' : 'middle'}">
        ${formatDuration(time)}
      </text> `
  })
}

function drawRow(row: Row, profile: Profile, y: number): Html {
  if (typeof row === 'string') return html`<text x="10" y="${y + 14}" font-weight="bold">${row}</text> `
  const start = Math.max(0, row.since.getTime() - profile.from.getTime())
  const [from, leased] = [placeOf(start, profile), placeOf(start + row.waiting, profile)]
  const end = placeOf(start + row.waiting + row.running, profile)
  const name = row.image === null ? row.service : `${row.service} ${row.image}`
  const expected = row.expected === null ? '' : `, expected ${formatDuration(row.expected)}`
  const times = `${row.subject}: waited ${formatDuration(row.waiting)}, ran ${formatDuration(row.running)}${expected}`
  return html`<g>
    <title>${name}, ${row.state}, ${times}</title>
    <text x="16" y="${y + 14}">${name}</text>
    <rect x="${from}" y="${y + 3}" width="${rounded(leased - from)}" height="${box.bar}" fill="#bbb" />
    <rect
      x="${leased}"
      y="${y + 3}"
      width="${row.leased === null ? 0 : rounded(Math.max(1, end - leased))}"
      height="${box.bar}"
      fill="${row.onCriticalPath ? '#c33' : '#36a'}"
    />
  </g> `
}

/** Where a time after the drop's beginning is, from the left. */
function placeOf(time: number, { from, until }: Profile): number {
  const whole = Math.max(1, until.getTime() - from.getTime())
  return rounded(box.label + (time / whole) * (box.width - box.label - box.right))
}

function rounded(length: number): number {
  return Math.round(length * 10) / 10
}

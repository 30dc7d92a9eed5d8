import { html, type Html } from '#markup/html.ts'

/** A quantity of several things over time. */
export interface Chart {
  readonly title: string
  readonly unit: string
  /** What each column is about, oldest first. */
  readonly columns: readonly string[]
  readonly lines: readonly Line[]
}

/** One thing: a value for each column, or null where there is none. */
export interface Line {
  readonly name: string
  readonly values: readonly (number | null)[]
}

const box = { width: 420, height: 190, left: 44, right: 8, top: 10, bottom: 24 }
/** Lines are told apart by colour and by dashes. */
const looks = 6

/** Draws lines into the page itself; what they say stands in a table too, so that nobody has to see them. */
export function lineChart({ title, unit, columns, lines }: Chart): Html {
  const highest = roundUp(Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))))
  const x = scale(Math.max(1, columns.length - 1), box.left, box.width - box.right)
  const y = scale(highest, box.height - box.bottom, box.top)
  const first = columns[0] ?? ''
  const last = columns.at(-1) ?? ''
  return html`<figure class="chart">
    <figcaption>${title}, ${unit}</figcaption>
    <svg viewBox="0 0 ${box.width} ${box.height}" role="img" aria-label="${title}, ${first} to ${last}">
      ${[0, highest / 2, highest].map(
        (value) =>
          html`<line
              class="grid"
              x1="${box.left}"
              x2="${box.width - box.right}"
              y1="${y(value)}"
              y2="${y(value)}"
            /><text x="${box.left - 6}" y="${y(value) + 4}" text-anchor="end">${value}</text>`,
      )}
      <text x="${box.left}" y="${box.height - 6}">${first}</text>
      <text x="${box.width - box.right}" y="${box.height - 6}" text-anchor="end">${last}</text>
      ${lines.map(({ values }, index) => html`<path class="line s${index % looks}" d="${pathOf(values, x, y)}" />`)}
    </svg>
    <ul class="legend">
      ${lines.map(
        ({ name }, index) =>
          html`<li>
            <svg viewBox="0 0 24 8" width="24" height="8" aria-hidden="true">
              <path class="line s${index % looks}" d="M0 4H24" /></svg
            >${name}
          </li> `,
      )}
    </ul>
  </figure>`
}

/** One value alone is a dot: a line of no length with round ends. */
function pathOf(values: readonly (number | null)[], x: Scale, y: Scale): string {
  return values
    .map((value, index) => {
      if (value === null) return ''
      const isFirst = (values[index - 1] ?? null) === null
      const point = `${String(x(index))} ${String(y(value))}`
      return isFirst ? `M${point}l0 0L${point}` : `L${point}`
    })
    .join('')
}

type Scale = (value: number) => number

function scale(most: number, from: number, to: number): Scale {
  return (value) => Math.round((from + (value / most) * (to - from)) * 10) / 10
}

/** The next of 1, 2, 4, 6, 8 and 10, by powers of ten: its half is a short number too. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 4, 6, 8].find((step) => step * power >= value) ?? 10) * power
}

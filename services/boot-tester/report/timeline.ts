import { html, type Html } from '#markup/html.ts'

interface Timed {
  readonly phases: readonly { readonly name: string; readonly seconds: number }[]
  /** When it ended, after power-on. */
  readonly seconds: number
}

const box = { width: 720, bar: 26, row: 30, label: 120, right: 70 }
/** Phases are told apart by their place and by colour. */
const looks = 5

/** Draws how a boot went: a bar for each phase, one below the other, from power-on to the end. */
export function timeline({ phases, seconds }: Timed, title: string): Html {
  if (phases.length === 0) return html``
  const whole = Math.max(seconds, 0.001)
  const scale = (box.width - box.label - box.right) / whole
  const bars = phases.map(({ name, seconds: begins }, index) => {
    const ends = phases[index + 1]?.seconds ?? seconds
    return { name, begins, lasts: Math.max(0, ends - begins), y: index * box.row }
  })
  const words = bars.map(({ name, lasts }) => `${name} ${inWords(lasts)}`).join(', ')
  return html`<figure class="timeline">
    <figcaption>${title}: ${inWords(seconds)} from power-on to the end</figcaption>
    <svg viewBox="0 0 ${box.width} ${bars.length * box.row}" role="img" aria-label="${`${title}: ${words}`}">
      ${bars.map(
        ({ name, begins, lasts, y }, index) =>
          html`<text x="0" y="${y + 18}">${name}</text>
            <rect
              class="p${index % looks}"
              x="${rounded(box.label + begins * scale)}"
              y="${y + 2}"
              width="${rounded(Math.max(2, lasts * scale))}"
              height="${box.bar}"
              rx="3"
            />
            <text x="${rounded(box.label + (begins + lasts) * scale + 8)}" y="${y + 18}">${inWords(lasts)}</text> `,
      )}
    </svg>
  </figure> `
}

function inWords(seconds: number): string {
  return `${seconds.toFixed(1)} s`
}

function rounded(length: number): string {
  return length.toFixed(1)
}

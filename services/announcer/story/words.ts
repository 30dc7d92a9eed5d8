import type { Failure } from '#events/vocabulary.ts'

const longest = 500

/**
 * Makes one clean line of text that came from outside: no control characters (they forge headers, move a terminal's
 * cursor and are not allowed in XML), no characters that turn the direction of writing around, no endless lines.
 */
export function cleanText(text: string): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]+/gu, ' ')
    .trim()
  const letters = Array.from(line)
  return letters.length > longest ? `${letters.slice(0, longest).join('')}…` : line
}

/** `builder: no package named "cloud-int"` */
export function failureInWords({ step, reason }: Pick<Failure, 'step' | 'reason'>): string {
  return `${cleanText(step)}: ${cleanText(reason)}`
}

/** `187.0 MiB` */
export function sizeInWords(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const number = power === 0 ? String(bytes) : (bytes / 1024 ** power).toFixed(1)
  return `${number} ${units[power] ?? ''}`
}

/** `61 s` */
export function secondsInWords(seconds: number): string {
  return `${String(Math.round(seconds))} s`
}

/** `11 July 2026`, in UTC. */
export function dayInWords(time: string): string {
  return days.format(new Date(time))
}

// Making one takes as long as writing fifty days with it.
const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

/** `1 image`, `4 images` */
export function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`
}

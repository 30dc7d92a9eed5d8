import type { Line } from '../../story/line.ts'
import { html } from '#markup/html.ts'

/** A message as clients show it, with its link to follow; what else is in a text stays text, and calls nobody. */
export function messageOf({ text, link }: Line, msgtype: 'm.notice' | 'm.text') {
  // Without this, servers look for names in the text.
  const quiet = { msgtype, 'm.mentions': {} }
  if (link === null) return { ...quiet, body: text }
  return {
    ...quiet,
    body: `${text} ${link}`,
    format: 'org.matrix.custom.html',
    formatted_body: html`<a href="${link}">${text}</a>`.markup,
  }
}

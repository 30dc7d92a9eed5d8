/**
 * Fills a line for people with fields of a body. The line is data, so that other languages can say the same: the Python
 * package in deploy/fedora-messages/ reads these six forms too.
 *
 *     {compose.id}                            the field
 *     {stream|all streams}                    the words when there is none
 *     {registrations: {id} in {place}}        each item of a list, with commas between them
 *     {#images[outcome=passed]}               how many items, here only those with that outcome
 *     {#checks[outcome=failed!waived]}        of those, the items without that field
 *     { (checks[outcome=failed]: {name})}     in brackets, which go too when there is nothing in them
 */
export function fillSentence(sentence: string, body: unknown): string {
  return sentence.replaceAll(/\{((?:[^{}]|\{[^{}]*\})*)\}/g, (_all, form: string) => fill(form, body))
}

function fill(form: string, body: unknown): string {
  const bracketed = /^ \((.*)\)$/.exec(form)?.[1]
  if (bracketed !== undefined) return fill(bracketed, body).replace(/^.+$/, ' ($&)')
  const parts = /^(#?)([\w.]+)(?:\[(\w+)=([\w-]+)(?:!(\w+))?\])?(?:: ([^|]+))?(?:\|(.+))?$/.exec(form)
  if (!parts) throw new Error(`a sentence has the form {${form}}, which means nothing`)
  const [, count = '', path = '', key, wanted, without, each, otherwise = '?'] = parts
  const found = at(body, path)
  if (!Array.isArray(found)) return isPlain(found) ? String(found) : otherwise
  const items: unknown[] = found.filter(
    (item) =>
      (key === undefined || at(item, key) === wanted) && (without === undefined || at(item, without) === undefined),
  )
  if (count !== '') return String(items.length)
  return items.map((item) => fillSentence(each ?? '?', item)).join(', ')
}

function at(body: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (holder, key) => (typeof holder === 'object' && holder !== null ? Reflect.get(holder, key) : undefined),
      body,
    )
}

function isPlain(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

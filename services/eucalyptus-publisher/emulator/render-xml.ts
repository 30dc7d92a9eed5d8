/** What an answer may consist of. A list becomes `<item>` elements; null is left out. */
export type Xml = string | number | boolean | null | Repeated | readonly Xml[] | { readonly [name: string]: Xml }

const header = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** An answer whose root has this name, and attributes where it needs some. */
export function renderXml(root: string, answer: Xml, attributes = ''): string {
  return `${header}<${root}${attributes}>${render(answer)}</${root.replace(/ .*/, '')}>`
}

/** Elements of one name beside each other, where there is no list of items. */
export class Repeated {
  readonly ones: readonly Xml[]

  constructor(ones: readonly Xml[]) {
    this.ones = ones
  }
}

function render(value: Xml): string {
  if (value === null) return ''
  if (Array.isArray(value)) return (value as readonly Xml[]).map((item) => `<item>${render(item)}</item>`).join('')
  if (typeof value !== 'object') return escape(String(value))
  return Object.entries(value as { readonly [name: string]: Xml })
    .filter(([, content]) => content !== null)
    .map(([name, content]) =>
      (content instanceof Repeated ? content.ones : [content])
        .map((one) => `<${name}>${render(one)}</${name}>`)
        .join(''),
    )
    .join('')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** Markup that is safe to put into a page as it is. Only `html` makes it. */
export class Html {
  readonly markup: string

  constructor(markup: string) {
    this.markup = markup
  }
}

type Value = string | number | Html | readonly Html[]

/** Builds markup: whatever is put in is escaped, unless `html` built it. Attributes must be in double quotes. */
export function html(literals: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(literals.map((literal, index) => literal + markupOf(values[index] ?? '')).join(''))
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function markupOf(value: Value): string {
  if (value instanceof Html) return value.markup
  if (typeof value === 'object') return value.map((one) => one.markup).join('')
  return String(value).replace(/[&<>"']/g, (letter) => escapes[letter] ?? '')
}

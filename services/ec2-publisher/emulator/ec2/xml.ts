/** What an answer may consist of. A list becomes `<item>` elements; null and undefined are left out. */
export type Xml = string | number | boolean | null | undefined | readonly Xml[] | { readonly [name: string]: Xml }

const header = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** The answer of an action. */
export function renderAnswer(action: string, requestId: string, answer: { readonly [name: string]: Xml }): string {
  const body = render({ requestId, ...answer })
  return `${header}<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${body}</${action}Response>`
}

/** A refusal. */
export function renderError(code: string, message: string, requestId: string): string {
  const body = render({ Errors: { Error: { Code: code, Message: message } }, RequestID: requestId })
  return `${header}<Response>${body}</Response>`
}

/** Values as elements. */
export function render(value: Xml): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return (value as readonly Xml[]).map((item) => `<item>${render(item)}</item>`).join('')
  if (typeof value !== 'object') return escape(String(value))
  return Object.entries(value as { readonly [name: string]: Xml })
    .filter(([, content]) => content !== null && content !== undefined)
    .map(([name, content]) => `<${name}>${render(content)}</${name}>`)
    .join('')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

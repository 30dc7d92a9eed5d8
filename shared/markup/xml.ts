import { SaxesParser } from 'saxes'

/** An element of an answer, with the text that is directly in it. */
export interface Element {
  readonly name: string
  text: string
  readonly children: Element[]
}

/** The root of an answer; null when it is no XML: a proxy answers in its own words. */
export function parseXml(text: string): Element | null {
  const document: Element = { name: '', text: '', children: [] }
  const open = [document]
  const parser = new SaxesParser({ fragment: false })
  const addText = (part: string) => {
    const element = open.at(-1)
    if (element) element.text += part
  }
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name }) => {
    const element: Element = { name: name.replace(/^.*:/, ''), text: '', children: [] }
    open.at(-1)?.children.push(element)
    open.push(element)
  })
  parser.on('closetag', () => open.pop())
  parser.on('text', addText)
  parser.on('cdata', addText)
  try {
    parser.write(text).close()
  } catch {
    return null
  }
  return document.children[0] ?? null
}

/** The elements that a path of names leads to. */
export function elementsAt(element: Element, ...path: readonly string[]): Element[] {
  return path.reduce(
    (found, name) => found.flatMap(({ children }) => children.filter((one) => one.name === name)),
    [element],
  )
}

/** The text of the first element that a path leads to; null when there is none. */
export function textAt(element: Element, ...path: readonly string[]): string | null {
  return elementsAt(element, ...path)[0]?.text.trim() ?? null
}

/** The text of the first element of a name, however deep; null when there is none. */
export function textWithin(element: Element, name: string): string | null {
  if (element.name === name) return element.text.trim()
  for (const child of element.children) {
    const found = textWithin(child, name)
    if (found !== null) return found
  }
  return null
}

/** An element of a template: what it may hold. */
interface Rule {
  /** Of the text, for an element without others in it. */
  readonly text?: RegExp
  readonly attributes?: Readonly<Record<string, { readonly values: RegExp; readonly required?: boolean }>>
  /** Elements in any order, each at most once. */
  readonly required?: Readonly<Record<string, Rule>>
  readonly optional?: Readonly<Record<string, Rule>>
}

const anything: Rule = { text: /^[^]*$/ }

/** As much of the grammar of Oz's templates as a template of ours may use: what we never say is refused. */
const template: Rule = {
  attributes: { version: { values: /^1\.0$/ } },
  required: {
    name: anything,
    os: {
      required: {
        name: anything,
        version: anything,
        arch: { text: /^(i386|x86_64|ppc64|ppc64le|aarch64|armv7l|s390x)$/ },
        install: { attributes: { type: { values: /^url$/, required: true } }, required: { url: anything } },
      },
      optional: { kernelparam: anything, rootpw: anything, key: anything },
    },
  },
  // Oz 0.17 knows no more units than these.
  optional: { description: anything, disk: { required: { size: { text: /^\d+ *[GT]?$/ } } } },
}

/** What is wrong with a template; nothing when Oz would take it. */
export function faultsOf(xml: string): string[] {
  const root = parse(xml)
  if (root === null) return ['it is no XML']
  return root.name === 'template' ? check(root, template, root.name) : [`${root.name}: no template`]
}

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: Element[]
  text: string
}

function check(element: Element, rule: Rule, path: string): string[] {
  const { attributes = {}, required = {}, optional = {} } = rule
  const known = { ...required, ...optional }
  const count = (name: string) => element.children.filter((child) => child.name === name).length
  return [
    ...Object.keys(element.attributes).flatMap((name) => (attributes[name] ? [] : [`${path}: no attribute ${name}`])),
    ...Object.entries(attributes).flatMap(([name, { values, required: isRequired = false }]) => {
      const value = element.attributes[name]
      if (value === undefined) return isRequired ? [`${path}: without ${name}`] : []
      return values.test(value) ? [] : [`${path}: ${name} is ${value}`]
    }),
    ...Object.keys(required).flatMap((name) => (count(name) === 0 ? [`${path}: without ${name}`] : [])),
    ...Object.keys(known).flatMap((name) => (count(name) > 1 ? [`${path}: more than one ${name}`] : [])),
    ...((rule.text ?? /^\s*$/).test(element.text) ? [] : [`${path}: the text ${element.text.trim()}`]),
    ...element.children.flatMap((child) => {
      const own = known[child.name]
      return own ? check(child, own, `${path}/${child.name}`) : [`${path}: no element ${child.name}`]
    }),
  ]
}

/** Reads XML without declarations, comments and entities of its own, which no template of ours has; null if it is none. */
function parse(xml: string): Element | null {
  const top: Element = { name: '', attributes: {}, children: [], text: '' }
  const open: Element[] = [top]
  const token = /<(\/?)([a-z]+)((?:\s+[a-z]+="[^"<&]*")*)\s*>|([^<>]+)/y
  while (token.lastIndex < xml.length) {
    const [all, closing, name = '', attributes = '', text] = token.exec(xml) ?? []
    const current = open.at(-1)
    if (all === undefined || current === undefined) return null
    if (text !== undefined) {
      if (/&(?!(amp|lt|gt|quot|apos);)/.test(text)) return null
      current.text += text
    } else if (closing === '/') {
      if (open.pop()?.name !== name) return null
    } else {
      const pairs = [...attributes.matchAll(/([a-z]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])
      const element: Element = { name, attributes: Object.fromEntries(pairs), children: [], text: '' }
      current.children.push(element)
      open.push(element)
    }
  }
  return open.length === 1 && top.children.length === 1 && top.text.trim() === '' ? (top.children[0] ?? null) : null
}

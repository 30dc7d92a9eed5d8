/** What a file of settings holds, by section and key; keys are in lower case. */
export type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Reads it as Python's configparser does: comments are whole lines, a value may have any sign in it, keys have no case. */
export function parseSections(text: string): Sections {
  const sections: Record<string, Record<string, string>> = {}
  let current: Record<string, string> = {}
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\[(.+)\]\s*$/.exec(line)?.[1]
    const [, key, value] = /^([^\s#;=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? []
    if (heading !== undefined) current = sections[heading] ??= {}
    else if (key !== undefined && value !== undefined) current[key.toLowerCase()] = value
  }
  return sections
}

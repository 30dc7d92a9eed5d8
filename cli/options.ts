/** Options that more than one command has. */
export const stateOption = {
  value: 'DIR',
  means: 'the folder for everything that must outlive the process',
  otherwise: '$IMAGEDROP_STATE, or .imagedrop in this folder',
  example: '/var/lib/imagedrop',
} as const

export const mirrorOption = {
  value: 'URL',
  means: 'the package mirror that images are built from',
  otherwise: 'the one that this host itself is configured with',
  example: 'https://mirror.example.org/debian',
} as const

/** Reads a whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= least && number <= most) return number
    throw new Error(`expected a whole number from ${String(least)} to ${String(most)}`)
  }
}

/** Reads one of some names. */
export function oneOf<const Name extends string>(names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const found = names.find((name) => name === text)
    if (found === undefined) throw new Error(`expected one of ${names.join(', ')}`)
    return found
  }
}

/** Reads some of these names, with commas between them, each once. */
export function someOf<const Name extends string>(names: readonly Name[]): (text: string) => readonly Name[] {
  const read = oneOf(names)
  return (text) => [...new Set(text.split(',').map((one) => read(one.trim())))]
}

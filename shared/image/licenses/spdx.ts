import parse from 'spdx-expression-parse'

/** Whether a text is a licence expression of SPDX, of its own identifiers and of `LicenseRef-…`. */
export function isSpdx(text: string): boolean {
  try {
    parse(text)
    return true
  } catch {
    return false
  }
}

/** The `LicenseRef-…` that an expression names, each once. */
export function licenseRefsIn(expression: string): string[] {
  return [...new Set(expression.match(/LicenseRef-[A-Za-z0-9.-]+/g))]
}

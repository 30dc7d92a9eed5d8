const range = /^(\d+)-(\d*)$/

/** Whether a release version is one of those that a policy row names: `Rawhide`, `43`, `31-42`, `44-`. */
export function matchesVersion(pattern: string, version: string): boolean {
  const limits = range.exec(pattern)
  if (!limits) return pattern === version
  const [, from, to] = limits
  return /^\d+$/.test(version) && Number(version) >= Number(from) && (!to || Number(version) <= Number(to))
}

/** Whether a text can stand for versions in the policy. */
export function isVersionPattern(pattern: string): boolean {
  const limits = range.exec(pattern)
  if (!limits) return isVersion(pattern)
  const [, from, to] = limits
  return !to || Number(from) <= Number(to)
}

/** Whether a text can stand for one version. */
export function isVersion(text: string): boolean {
  return !range.test(text) && /^[A-Za-z0-9][A-Za-z0-9.]*$/.test(text)
}

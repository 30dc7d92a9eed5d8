import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'

/** What a tool says that its version is; null when the tool is not on this machine. */
export async function toolVersion(tool: string, args: readonly string[], pattern: RegExp): Promise<string | null> {
  try {
    const { stdout } = await run(tool, args, { deadline: 30_000 })
    return pattern.exec(stdout)?.[1] ?? 'unknown'
  } catch (error) {
    if (error instanceof ToolMissing) return null
    if (error instanceof ToolFailed) return 'unknown'
    throw error
  }
}

/** The version of a tool that cannot tell it, by the package that it is of; it is there if it answers to `args`. */
export async function packagedVersion(
  tool: string,
  args: readonly string[],
  packageName: string,
): Promise<string | null> {
  if ((await toolVersion(tool, args, /^$/)) === null) return null
  const asked = [
    ['rpm', '--query', '--queryformat', '%{VERSION}', packageName],
    ['dpkg-query', '--show', '--showformat=${Version}', packageName],
  ] as const
  for (const [manager, ...query] of asked) {
    const version = await toolVersion(manager, query, /^(\d\S*)$/)
    if (version !== null && version !== 'unknown') return version
  }
  return 'unknown'
}

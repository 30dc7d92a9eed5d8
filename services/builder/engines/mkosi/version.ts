import { ToolMissing } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'

/** The version of mkosi on this machine; null when there is none. */
export async function mkosiVersion(): Promise<string | null> {
  try {
    const { stdout } = await run('mkosi', ['--version'], { deadline: 30_000 })
    return /^mkosi (\S+)/m.exec(stdout)?.[1] ?? null
  } catch (error) {
    if (error instanceof ToolMissing) return null
    throw error
  }
}

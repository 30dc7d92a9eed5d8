import { ToolMissing } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'

/** The version of KIWI on this machine; null when there is none. */
export async function kiwiVersion(): Promise<string | null> {
  try {
    const { stdout } = await run('kiwi-ng', ['--version'], { deadline: 60_000 })
    return /^KIWI .*version (\S+)/m.exec(stdout)?.[1] ?? null
  } catch (error) {
    if (error instanceof ToolMissing) return null
    throw error
  }
}

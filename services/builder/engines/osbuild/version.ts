import { PermanentError } from '#service/errors.ts'
import { ToolFailed, ToolMissing } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'

const oldest = 71

/** The version of image-builder on this machine, `unknown` for one that was built without saying; null when there is none. */
export async function osbuildVersion(): Promise<string | null> {
  try {
    const { stdout } = await ask('version').catch((error: unknown) => {
      // The command is of version 77; what comes before it has the option.
      if (error instanceof ToolFailed) return ask('--version')
      throw error
    })
    return /^\s+version: "?([\w.+-]+)"?$/m.exec(stdout)?.[1] ?? null
  } catch (error) {
    if (error instanceof ToolMissing) return null
    throw error
  }
}

/** Refuses a version whose arguments nobody has looked at. */
export function assertVersion(version: string | null): void {
  if (version === null || !(Number.parseInt(version) < oldest)) return
  const wanted = `${String(oldest)} or newer is needed (docs/decisions/0032-image-builder.md)`
  throw new PermanentError('environment', `image-builder ${version} is too old: ${wanted}`)
}

async function ask(word: string) {
  return await run('image-builder', [word], { deadline: 60_000 })
}

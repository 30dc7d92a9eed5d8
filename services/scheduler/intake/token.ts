import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode, isMissing } from '#files/errors.ts'

/** The file in the state folder that holds the token of the HTTP API, when the configuration gives none. */
export function tokenPath(stateFolder: string): string {
  return join(stateFolder, 'api-token')
}

/** The token of the HTTP API: from its file, which is made at the first start and is for its owner alone. */
export async function ensureToken(stateFolder: string): Promise<string> {
  return (await readToken(stateFolder)) ?? (await makeToken(stateFolder))
}

/** The token of the HTTP API; null when none was made yet. */
export async function readToken(stateFolder: string): Promise<string | null> {
  try {
    return (await readFile(tokenPath(stateFolder), 'utf8')).trim()
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Linked into place when it is whole: of two processes that start together, both read the token of the first. */
async function makeToken(stateFolder: string): Promise<string> {
  await mkdir(stateFolder, { recursive: true })
  const aside = `${tokenPath(stateFolder)}.${randomBytes(6).toString('hex')}`
  {
    await using file = await open(aside, 'wx', 0o600)
    await file.writeFile(`${randomBytes(32).toString('hex')}\n`)
    await file.sync()
  }
  try {
    await link(aside, tokenPath(stateFolder))
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(aside, { force: true })
  }
  return (await readFile(tokenPath(stateFolder), 'utf8')).trim()
}

import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode, isMissing } from '#files/errors.ts'

const name = /^[A-Za-z][\w.-]{0,63}$/
const shortest = 16

/** The tokens of the HTTP API by name: `jane:TOKEN,ci:TOKEN`, or one without a name, which is `api`. */
export function readTokens(text: string): Map<string, string> {
  return new Map(
    text.split(',').map((entry) => {
      const [first = '', ...rest] = entry.trim().split(':')
      return rest.length > 0 && name.test(first) ? [first, rest.join(':')] : ['api', entry.trim()]
    }),
  )
}

/** Adds what is wrong with such a text to the issues of a setting. */
export function checkTokens(text: string, context: { addIssue: (message: string) => void }): void {
  const tokens = readTokens(text)
  if (tokens.size < text.split(',').length)
    context.addIssue('expected another name for each token: jane:TOKEN,ci:TOKEN')
  for (const [name, token] of tokens) {
    if (token.length < shortest)
      context.addIssue(`the token of ${name}: expected ${String(shortest)} characters or more`)
  }
}

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

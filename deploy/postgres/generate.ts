import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readHouse } from '#service/discover.ts'

const rolesFile = join(import.meta.dirname, 'roles.sql')

/** The roles with one for each service that there is now. */
export async function generateRoles(): Promise<string> {
  const text = await readFile(rolesFile, 'utf8')
  const roles = (await readHouse()).map(({ name }) => `'imagedrop_${name.replaceAll('-', '_')}'`)
  const part = /(-- services\n)[^]*?(\n +-- \/services)/
  if (!part.test(text)) throw new Error('deploy/postgres/roles.sql has no part for the services')
  return text.replace(part, (_all, start: string, end: string) => `${start}    ${roles.join(',\n    ')}${end}`)
}

/** Says whether the file is what this code would write. */
export async function rolesAreCurrent(): Promise<boolean> {
  return (await readFile(rolesFile, 'utf8')) === (await generateRoles())
}

/** Puts a role for each service there. */
export async function writeRoles(): Promise<void> {
  await writeFile(rolesFile, await generateRoles())
}

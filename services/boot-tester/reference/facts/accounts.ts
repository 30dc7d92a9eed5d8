import type { Aspects, Facts } from '#image/description.ts'
import { readUsers } from '#image/facts/users.ts'
import type { Tree } from '#image/tree.ts'

/** Numbers are given in the order of installation, and passwords were set on some day. */
const told = new Set(['home', 'shell', 'members', 'password'])

/** Users with home, shell and state of their password, and groups with their members. */
export async function accountFacts(tree: Tree): Promise<Facts> {
  const all = await readUsers(tree)
  return new Map([...all].map(([name, aspects]) => [name, withoutDigest(pick(aspects))]))
}

function pick(aspects: Aspects): Aspects {
  return Object.fromEntries(Object.entries(aspects).filter(([name, value]) => told.has(name) && value !== ''))
}

/** That a password is set or locked is a fact; which one it is, is nobody's. */
function withoutDigest(aspects: Aspects): Aspects {
  const { password } = aspects
  return password === undefined ? aspects : { ...aspects, password: password.replace(/ \([0-9a-f]+\)$/, '') }
}

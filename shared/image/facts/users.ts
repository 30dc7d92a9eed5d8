import { createHash } from 'node:crypto'
import type { Aspects, Facts } from '../description.ts'
import type { Tree } from '../tree.ts'

/** Files of which every field is among the facts. */
export const userFiles: ReadonlySet<string> = new Set(['/etc/passwd', '/etc/shadow', '/etc/group', '/etc/gshadow'])

/** Accounts and groups. Of a password only its state is told, and whether it is the same. */
export async function readUsers(tree: Tree): Promise<Facts> {
  const files = [
    (await linesOf(tree, '/etc/passwd')).map(userIn),
    (await linesOf(tree, '/etc/shadow')).map(shadowIn),
    (await linesOf(tree, '/etc/group')).map(groupIn),
    (await linesOf(tree, '/etc/gshadow')).map(groupShadowIn),
  ]
  const facts = new Map<string, Aspects>()
  for (const [name, aspects] of files.flatMap(numbered)) facts.set(name, { ...facts.get(name), ...aspects })
  return facts
}

/** A system takes the first line of a name; none may be hidden by another. */
function numbered(lines: readonly [string, Aspects][]): [string, Aspects][] {
  const seen = new Map<string, number>()
  return lines.map(([name, aspects]) => {
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return [count === 1 ? name : `${name} (line ${String(count)})`, aspects]
  })
}

/** Tells owners by their names, which say more than numbers that each installation gives anew. */
export async function readOwners(
  tree: Tree,
): Promise<(owner: { readonly uid: number; readonly gid: number }) => string> {
  const names = async (path: string) => {
    const pairs = (await linesOf(tree, path)).map(
      (line) => [line.split(':')[2] ?? '', line.split(':')[0] ?? ''] as const,
    )
    // The first name of a number is the one that it is shown by.
    return new Map(pairs.toReversed())
  }
  const users = await names('/etc/passwd')
  const groups = await names('/etc/group')
  return ({ uid, gid }) => `${users.get(String(uid)) ?? String(uid)}:${groups.get(String(gid)) ?? String(gid)}`
}

async function linesOf(tree: Tree, path: string): Promise<string[]> {
  return ((await tree.text(path)) ?? '').split('\n').filter((line) => line.trim() !== '')
}

function userIn(line: string): [string, Aspects] {
  const [name = '', password = '', uid = '', gid = '', description = '', home = '', shell = ''] = line.split(':')
  return [`user ${name}`, { uid, gid, home, shell, description, ...elsewhere(password) }]
}

function shadowIn(line: string): [string, Aspects] {
  const [name = '', password = '', changed = '', ...ages] = line.split(':')
  const aspects = { password: stateOf(password), 'password changed': changed, 'password ages': ages.join(':') }
  return [`user ${name}`, aspects]
}

function groupIn(line: string): [string, Aspects] {
  const [name = '', password = '', gid = '', members = ''] = line.split(':')
  return [`group ${name}`, { gid, members: sorted(members), ...elsewhere(password) }]
}

function groupShadowIn(line: string): [string, Aspects] {
  const [name = '', password = '', administrators = '', members = ''] = line.split(':')
  const aspects = {
    password: stateOf(password),
    administrators: sorted(administrators),
    'hidden members': sorted(members),
  }
  return [`group ${name}`, aspects]
}

/** An `x` says that the password is in the shadow. */
function elsewhere(password: string): Aspects {
  return password === 'x' ? {} : { password: stateOf(password) }
}

function sorted(names: string): string {
  return names.split(',').toSorted().join(', ')
}

function stateOf(password: string): string {
  if (password === '') return 'none is asked for'
  const hash = password.replace(/^!+/, '')
  const state = hash === password && hash !== '*' ? 'set' : 'locked'
  return hash === '' || hash === '*'
    ? state
    : `${state} (${createHash('sha256').update(hash).digest('hex').slice(0, 8)})`
}

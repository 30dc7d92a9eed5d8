import type { Tree } from '#image/tree.ts'
import { passedIfNone, type DiskCheck } from '../check.ts'

/** The first number of accounts of people, and that of nobody. */
const firstPerson = 1000
const nobody = 65_534

/** Nobody knows a password, and nobody needs none. */
export const passwords: DiskCheck = {
  name: 'passwords',
  description: 'every password is locked, only root has its rights, and no account of a person is in the image',
  severity: 'error',
  rule: 'AWS, Recommendations for creating shared Linux AMIs, "Disable password-based remote logins for root"; shadow(5)',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async ({ tree }) => {
    const shadow = (await fieldsOf(tree, '/etc/shadow')).flatMap(([name = '', hash = '']) => openPassword(name, hash))
    const users = await fieldsOf(tree, '/etc/passwd')
    const found = users.flatMap(([name = '', hash = '', uid = '']) => [
      ...(hash === 'x' ? [] : openPassword(name, hash)),
      ...(Number(uid) === 0 && name !== 'root' ? [`${name} has the rights of root`] : []),
      ...(Number(uid) >= firstPerson && Number(uid) < nobody ? [`${name} is an account of a person`] : []),
    ])
    return passedIfNone([...shadow, ...found], 'all locked')
  },
}

function openPassword(name: string, hash: string): string[] {
  if (hash === '') return [`${name} needs no password`]
  return /^[!*]/.test(hash) ? [] : [`${name} has a password`]
}

async function fieldsOf(tree: Tree, path: string): Promise<string[][]> {
  const lines = ((await tree.text(path)) ?? '').split('\n').filter((line) => line.trim() !== '')
  return lines.map((line) => line.split(':'))
}

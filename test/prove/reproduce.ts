import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { compareDisks } from '../../cli/reproduce/compare-disks.ts'

interface Outcome {
  readonly sha256: string
  readonly packages: string
  readonly seconds: number
  readonly path: string
}

const program = join(import.meta.dirname, 'reproduce', 'build.ts')

/**
 * Builds Debian 12 twice on this machine, from nothing each time, and compares the disks bit by bit. As root the second is
 * built by the account that `IMAGEDROP_PROVE_ACCOUNT` names, which needs subordinate ids.
 */
export async function prove(): Promise<boolean> {
  const account = process.env['IMAGEDROP_PROVE_ACCOUNT'] ?? userInfo().username
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-prove-reproduce-'))
  const first = await build(join(folder, 'first'), userInfo().username)
  const second = await build(join(folder, 'elsewhere', 'second'), account)
  console.log(first.packages === second.packages ? 'the same packages' : 'other packages: the mirror has changed')
  const same = first.sha256 === second.sha256
  if (same) await rm(folder, { recursive: true })
  else console.log(`other bits: ${JSON.stringify(await compareDisks(first.path, second.path))}, in ${folder}`)
  return same
}

async function build(folder: string, account: string): Promise<Outcome> {
  await mkdir(folder, { recursive: true })
  const arguments_ = [process.execPath, program, folder]
  const [tool = '', ...args] = await asAccount(account, folder, arguments_)
  const { stdout } = await run(tool, args, { deadline: 3_600_000 })
  const outcome = JSON.parse(stdout) as Outcome
  console.log(`${account}: built in ${outcome.seconds.toFixed(0)} s, SHA-256 ${outcome.sha256}`)
  return outcome
}

async function asAccount(account: string, folder: string, command: readonly string[]): Promise<readonly string[]> {
  if (account === userInfo().username) return command
  const ids = await Promise.all(['-u', '-g'].map(async (what) => Number((await run('id', [what, account])).stdout)))
  const [uid = 0, gid = 0] = ids
  await chown(folder, uid, gid)
  await run('chmod', ['a+x', join(folder, '..'), join(folder, '..', '..')])
  return ['runuser', '-u', account, '--', 'env', `HOME=${folder}`, ...command]
}

import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { provideSshServer } from '#test/brokers/ssh-server.ts'
import { run } from '#subprocess/run.ts'
import type { ExistingMachine } from '../machines/ssh/check-machine.ts'

/** A machine that is reached by ssh: this host, behind an sshd of its own, with a few programs of the test's. */
export interface TestMachine extends AsyncDisposable {
  readonly machine: ExistingMachine
  /** A file that names another key for the same host. */
  readonly otherHostsFile: string
  /** A key that it does not let in. */
  readonly otherIdentityFile: string
}

/**
 * Programs that it has in the place of this host's: it lets everybody become root, and a restart is noted in the folder's
 * `asked` and changes its `boot-id`, unless there is `does-not-obey`.
 */
const programs = (folder: string): Readonly<Record<string, string>> => ({
  sudo: 'shift\nexec "$@"',
  cat: `[ "$1" != /proc/sys/kernel/random/boot_id ] || set -- ${folder}/boot-id\nexec /bin/cat "$@"`,
  systemctl: `echo "$*" >>${folder}/asked\n[ -e ${folder}/does-not-obey ] || echo second >${folder}/boot-id`,
})

/** Starts one; `folder` is for what it keeps. */
export async function startMachine(folder: string): Promise<TestMachine> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  for (const [name, script] of Object.entries(programs(folder))) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(bin, name), 0o755)
  }
  const { server, host, port, identityFile, knownHostsFile, ...others } = await provideSshServer({
    configuration: () => [`SetEnv PATH=${bin}:/usr/bin:/bin`],
  })
  const machine = { host, port, user: userInfo().username, privateKeyFile: identityFile, knownHostsFile }
  await assertOwnPrograms(machine, join(bin, 'systemctl'))
  return { machine, ...others, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** An sshd that gives its users another PATH would have this host restarted. */
async function assertOwnPrograms(
  { host, port, user, privateKeyFile, knownHostsFile }: ExistingMachine,
  wanted: string,
): Promise<void> {
  const options = ['-F', '/dev/null', '-i', privateKeyFile, '-p', String(port)]
  const known = ['-o', `UserKnownHostsFile="${knownHostsFile}"`]
  const { stdout } = await run('ssh', [...options, ...known, `${user}@${host}`, 'command -v systemctl'])
  if (stdout.trim() !== wanted) throw new Error(`the machine would run ${stdout.trim()}, not ${wanted}`)
}

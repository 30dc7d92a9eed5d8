import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { installEnvironment, makeOnce, testCache } from './make-once.ts'

/**
 * Gives the `bin` folder of a Python virtual environment that holds some packages (`moto[server]==5.2.5`). It is made
 * once per list of packages and kept in the user's cache; the host needs Debian's python3-venv.
 */
export async function providePythonEnvironment(name: string, packages: readonly string[]): Promise<string> {
  const version = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12)
  const folder = join(testCache(), `${name}-${version}`)
  const bin = join(folder, 'bin')
  await makeOnce(folder, async () => {
    await run('python3', ['-m', 'venv', '--without-pip', folder], { env: installEnvironment() })
    await installPackages(bin, packages)
  })
  return bin
}

/** Has pip install for a virtual environment, by its `bin` folder. What nobody imports is not compiled. */
export async function installPackages(bin: string, args: readonly string[]): Promise<void> {
  const quietly = ['--quiet', '--disable-pip-version-check', '--no-compile']
  const pip = await providePip()
  await run(pip, ['--python', join(bin, 'python3'), 'install', ...quietly, ...args], { env: installEnvironment() })
}

/** One for all environments: to put a pip into each takes longer than to install a small package. */
async function providePip(): Promise<string> {
  const folder = join(testCache(), 'pip')
  await makeOnce(folder, async () => {
    await run('python3', ['-m', 'venv', folder], { env: installEnvironment() })
  })
  return join(folder, 'bin', 'pip')
}

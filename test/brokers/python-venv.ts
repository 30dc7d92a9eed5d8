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
    const env = installEnvironment()
    await run('python3', ['-m', 'venv', folder], { env })
    await run(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages], { env })
  })
  return bin
}

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'

/** dkimpy, which receivers use, installed when it is not there yet. */
export async function provideDkim(): Promise<string> {
  return join(await providePythonEnvironment('dkim', ['dkimpy==1.1.8']), 'python3')
}

/** Whether dkimpy finds a mail as it was signed; `names` is what it finds in the DNS. */
export async function verifyDkim(mail: string, names: Readonly<Record<string, string>>): Promise<boolean> {
  const python = await provideDkim()
  const folder = await mkdtemp(join(tmpdir(), 'dkim-'))
  try {
    await writeFile(join(folder, 'mail'), mail, 'latin1')
    const args = ['-c', program, join(folder, 'mail'), JSON.stringify(names)]
    const { stdout } = await promisify(execFile)(python, args)
    return stdout.trim() === 'True'
  } finally {
    await rm(folder, { recursive: true })
  }
}

const program = `
import dkim, json, sys
names = json.loads(sys.argv[2])
look_up = lambda name, timeout=5: names.get(name.decode(), '').encode()
print(dkim.verify(open(sys.argv[1], 'rb').read(), dnsfunc=look_up))`

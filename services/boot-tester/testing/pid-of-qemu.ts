import { readFile, readdir } from 'node:fs/promises'

/** The process of the machine whose overlay lies in this folder, for tests that end it. Throws when there is none. */
export async function pidOfQemu(folder: string): Promise<number> {
  const pid = (await toolsOfMachine(folder)).get('qemu')
  if (pid === undefined) throw new Error(`no QEMU runs in ${folder}`)
  return pid
}

/** The tools that run for the machine of this folder, by name. */
export async function toolsOfMachine(folder: string): Promise<Map<'qemu' | 'swtpm', number>> {
  const found = new Map<'qemu' | 'swtpm', number>()
  for (const pid of await readdir('/proc')) {
    // Of a process that has ended, and was not waited for yet, this is empty.
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    const [, tool] = /^(qemu|swtpm)/.exec(commandLine) ?? []
    if (tool !== undefined && commandLine.includes(`${folder}/`)) found.set(tool as 'qemu' | 'swtpm', Number(pid))
  }
  return found
}

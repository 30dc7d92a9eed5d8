import { readFile, readdir } from 'node:fs/promises'

/** The process of the machine whose overlay lies in this folder, for tests that end it. Throws when there is none. */
export async function pidOfQemu(folder: string): Promise<number> {
  for (const pid of await readdir('/proc')) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (commandLine.startsWith('qemu-system') && commandLine.includes(`${folder}/`)) return Number(pid)
  }
  throw new Error(`no QEMU runs in ${folder}`)
}

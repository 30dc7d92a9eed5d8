import { readFileSync, readdirSync } from 'node:fs'

/** What `sysconf(_SC_CLK_TCK)` is on every Linux of today. */
const ticksPerSecond = 100

/** Adds up the processor time of the machines whose files lie in a folder, looking every second. */
export function watchProcessors(folder: string): Disposable & { readonly seconds: () => number } {
  const ticks = new Map<string, number>()
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        if (!commandLine.startsWith('qemu-system') || !commandLine.includes(`${folder}/`)) continue
        // The command's name is in brackets, and may hold anything; user and system time are the 14th and 15th field.
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
        ticks.set(pid, Number(fields[11]) + Number(fields[12]))
      } catch {
        // It has ended between two looks.
      }
    }
  }
  const timer = setInterval(look, 1000)
  return {
    seconds: () => [...ticks.values()].reduce((sum, one) => sum + one, 0) / ticksPerSecond,
    [Symbol.dispose]() {
      clearInterval(timer)
    },
  }
}

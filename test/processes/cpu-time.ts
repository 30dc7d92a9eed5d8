import { readdir, readFile } from 'node:fs/promises'

interface ProcessTimes {
  readonly pid: number
  readonly parent: number
  /** Its own and that of its children that have ended, in seconds. */
  readonly seconds: number
}

/** Processor seconds of the processes that have `word` on their command line, and of all that they started. */
export async function cpuSecondsOfTree(word: string): Promise<number> {
  const all = await readProcesses()
  const roots = await Promise.all(all.map(async (one) => ((await commandLine(one.pid)).includes(word) ? one.pid : 0)))
  const inTree = new Set(roots.filter((pid) => pid !== 0))
  for (let before = -1; before !== inTree.size;) {
    before = inTree.size
    for (const { pid, parent } of all) if (inTree.has(parent)) inTree.add(pid)
  }
  return all.filter(({ pid }) => inTree.has(pid)).reduce((sum, { seconds }) => sum + seconds, 0)
}

async function readProcesses(): Promise<ProcessTimes[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid))
  const read = await Promise.all(pids.map((pid) => readTimes(pid).catch(() => null)))
  return read.filter((one) => one !== null)
}

/** proc(5), /proc/pid/stat: fields 4 (parent) and 14 to 17 (times in ticks of 10 ms). */
async function readTimes(pid: number): Promise<ProcessTimes> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).map(Number)
  return { pid, parent: Number(fields[1]), seconds: ticks.reduce((sum, one) => sum + one, 0) / 100 }
}

async function commandLine(pid: number): Promise<string> {
  return await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '')
}

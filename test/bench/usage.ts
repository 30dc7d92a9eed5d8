import { readFile } from 'node:fs/promises'

/** What something took: seconds on the clock and of processors, and the most memory at one time, in MB of a million bytes. */
export interface Usage {
  readonly wall: number
  readonly processor: number
  readonly memory: number
}

/** Measures this process and the tools that it runs and waits for. */
export async function measureUsage<Result>(work: () => Promise<Result>): Promise<{ result: Result; usage: Usage }> {
  let memory = 0
  let looking = Promise.resolve()
  const look = async () => {
    memory = Math.max(memory, await memoryOfTree(process.pid))
  }
  const timer = setInterval(() => {
    looking = looking.then(look)
  }, 200)
  const began = performance.now()
  const before = await processorSeconds()
  try {
    const result = await work()
    const wall = (performance.now() - began) / 1000
    return { result, usage: { wall, processor: (await processorSeconds()) - before, memory } }
  } finally {
    clearInterval(timer)
    await looking
  }
}

/** User and system time of this process and of its children that have ended (proc(5)), in ticks of a hundredth. */
async function processorSeconds(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0) / 100
}

/** Resident memory of a process and all below it. One that is gone has none. */
async function memoryOfTree(pid: number): Promise<number> {
  const read = (file: string) => readFile(`/proc/${String(pid)}/${file}`, 'utf8').catch(() => '')
  const children = (await read(`task/${String(pid)}/children`)).trim().split(' ').filter(Boolean).map(Number)
  const own = (Number(/^VmRSS:\s+(\d+)/m.exec(await read('status'))?.[1] ?? 0) * 1024) / 1e6
  const theirs = await Promise.all(children.map(memoryOfTree))
  return theirs.reduce((sum, one) => sum + one, own)
}

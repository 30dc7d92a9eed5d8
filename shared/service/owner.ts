import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** The name under which this process holds leases: host, process id, and when the process started. */
export function ownerOfThisProcess(): string {
  return `${hostname()}/${String(process.pid)}/${startOf(process.pid) ?? '0'}`
}

/** Whether the process behind an owner still runs, as far as this host can tell. */
export function isOwnerAlive(owner: string): boolean {
  const [host, pid, start] = owner.split('/')
  // Of other hosts we know nothing: their leases run out by themselves.
  if (host !== hostname()) return true
  return startOf(Number(pid)) === start
}

/** Field 22 of /proc/PID/stat: start time in clock ticks since boot, so that a reused id is told apart. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

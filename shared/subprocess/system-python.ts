import { existsSync } from 'node:fs'

const folder = '/usr/bin'

/**
 * The Python to run small programs of ours by: the distribution's own, which has the modules and the zlib that came with the host
 * packages. What stands before it on PATH may be another, or a wrapper that chooses one and takes ten times as long to start. A
 * PATH without the distribution's programs is meant: then its python3 is taken.
 */
export function systemPython(): string {
  const isOnPath = (process.env['PATH'] ?? '').split(':').includes(folder)
  return isOnPath && existsSync(`${folder}/python3`) ? `${folder}/python3` : 'python3'
}

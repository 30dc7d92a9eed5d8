import { join } from 'node:path'

/** Where users and tasks write, below the folder that the hub serves. */
export function workFolder(top: string): string {
  return join(top, 'work')
}

/** The folder of a task's output. */
export function taskFolder(top: string, id: number): string {
  return join(workFolder(top), 'tasks', String(id % 10_000), String(id))
}

/** A path as the hub's messages have it. */
export function displayed(top: string, path: string): string {
  return path.replace(top, '/mnt/koji')
}

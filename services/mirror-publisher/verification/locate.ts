import { resolve } from 'node:path'
import { recordName } from '../tree/record.ts'
import { openFolder } from './folder-source.ts'
import { textLimit } from './read-drop.ts'
import { Unreadable, type Source } from './source.ts'
import { openWeb } from './web-source.ts'

/** A drop, and which of its files was named when it was not the drop itself. */
export interface Located {
  readonly source: Source
  /** Path of the file or folder that was named, below the drop; empty for the drop itself. */
  readonly named: string
}

/** How far above an image its drop can be. */
const levels = 4

/** Finds the drop that a folder, an image or an address is of: at it, or a few levels above. Throws Unreadable. */
export async function locateDrop(where: string): Promise<Located> {
  const given = openSource(where)
  let source: Source | null = given
  for (let level = 0; source !== null && level <= levels; level++) {
    if ((await source.read(recordName, textLimit)) !== null) {
      const named = given.where.slice(source.where.length).replaceAll(/^\/|\/$/g, '')
      return { source, named: isAddress(where) ? decodeURIComponent(named) : named }
    }
    source = source.parent()
  }
  throw new Unreadable(`there is no ${recordName} at ${where}, nor above: it is no drop, or no part of one`)
}

/** An address with http or https, or a folder. */
export function openSource(where: string): Source {
  return isAddress(where) ? openWeb(new URL(where)) : openFolder(resolve(where))
}

function isAddress(where: string): boolean {
  return /^https?:\/\//.test(where)
}

import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
  fstatSync,
  type Stats,
} from 'node:fs'
import { join, normalize } from 'node:path'
import { Float, type Struct, type Value } from '../../../../services/builder/engines/koji/rpc/value.ts'
import { authError, generic, notAllowed, unexpected } from '../fault.ts'
import { toInt, truthy, str } from '../python.ts'
import type { Scene } from '../sessions.ts'
import { displayed, taskFolder, workFolder } from '../folders.ts'
import { adler32 } from '../../../../services/builder/engines/koji/task/adler32.ts'

/** The files of tasks: what builders put there, and what users upload. */
export function outputMethods(top: string) {
  return {
    listTaskOutput({ world }: Scene, { taskID, stat, all_volumes: volumes, strict }: Struct): Value {
      if (typeof taskID !== 'number')
        throw unexpected('TypeError', 'not all arguments converted during string formatting')
      if (truthy(strict) && !world.tasks.has(taskID)) throw generic("Task doesn't exist")
      const folder = taskFolder(top, taskID)
      const names = existsSync(folder) ? readdirSync(folder) : []
      if (!truthy(stat) && !truthy(volumes)) return names
      const told = (name: string): Value => {
        if (!truthy(stat)) return ['DEFAULT']
        const found = describe(join(folder, name), top)
        return truthy(volumes) ? { DEFAULT: found } : found
      }
      return Object.fromEntries(names.map((name) => [name, told(name)]))
    },

    downloadTaskOutput(_: Scene, { taskID, fileName, offset = 0, size = -1, volume }: Struct): Value {
      const most = toInt(size)
      if (truthy(volume) && volume !== 'DEFAULT') throw generic(`No such volume: ${str(volume)}`)
      const name = str(fileName)
      if (name.includes('..')) throw generic(`Invalid file name: ${name}`)
      const path = normalize(`${taskFolder(top, Number(taskID))}/${name}`)
      if (!isFile(path)) throw generic(`no file "${name}" output by task ${str(taskID)}`)
      return readPart(path, toInt(offset), most).toString('base64')
    },

    checkUpload(_: Scene, { path, name, verify, tail }: Struct): Value {
      const place = uploadPlace(top, str(path), str(name))
      if (!isFile(place)) return null
      const content = readFileSync(place)
      const told = { size: content.length, mtime: new Float(statSync(place).mtimeMs / 1000) }
      if (!truthy(verify)) return told
      const part = typeof tail === 'number' ? content.subarray(Math.max(content.length - tail, 0)) : content
      return { ...told, sumlength: part.length, hexdigest: digest(str(verify), part) }
    },
  }
}

/** Takes bytes that are posted with their place in the query string. */
export function upload(scene: Scene, top: string, bytes: Uint8Array): Value {
  const { session, caller } = scene
  if (!session) throw notAllowed('you must be logged-in to upload a file')
  const query = new URLSearchParams(caller.query)
  const name = query.get('filename')
  if (name === null) throw unexpected('KeyError', "'filename'")
  const [folder, verify] = [query.get('filepath') ?? '', query.get('fileverify') ?? '']
  const overwrite = (query.get('overwrite') ?? '') !== ''
  const volume = query.get('volume')
  const place = uploadPlace(top, folder, name, { user: session.userId, volume })
  const given = Number(query.get('offset') ?? '0')
  if (existsSync(place) && given === 0 && !overwrite) throw generic(`upload path exists: ${displayed(top, place)}`)
  const hexdigest = digest(verify, bytes)
  const file = openSync(place, existsSync(place) ? 'r+' : 'w+')
  try {
    const offset = given === -1 ? fstatSync(file).size : given
    if (given !== -1 && overwrite) ftruncateSync(file, offset)
    if (bytes.length > 0) writeSync(file, bytes, 0, bytes.length, offset)
    const [expected, actual] = [offset + bytes.length, fstatSync(file).size]
    if (!overwrite && expected !== actual) {
      const told = `Expected ${String(expected)}, actual ${String(actual)}`
      throw generic(`Incorrect upload length for ${displayed(top, place)} - ${told}`)
    }
    return { size: bytes.length, fileverify: verify, offset, hexdigest }
  } finally {
    closeSync(file)
  }
}

function uploadPlace(
  top: string,
  given: string,
  name: string,
  create?: { readonly user: number; readonly volume: string | null },
): string {
  if (name.includes('/') || name.startsWith('.')) throw generic(`Invalid upload filename: ${name}`)
  const folder = normalize(given)
  if (given === '' || folder.startsWith('..')) throw generic(`Invalid upload directory: ${given}`)
  if (create && create.volume !== null && create.volume !== 'DEFAULT') {
    throw generic(`No such entry in table volume: ${create.volume}`)
  }
  const parts = folder.split('/')
  if (create && parts[0] === 'tasks') {
    if (parts.length < 3) throw generic(`Invalid task upload directory: ${given}`)
    throw authError(`User ${String(create.user)} is not a host`)
  }
  if (folder.startsWith('/')) throw unexpected('ValueError', `Invalid path segment: ${folder}`)
  const place = join(workFolder(top), folder)
  if (create) claim(place, create.user, given)
  return join(place, name)
}

/** The first who uploads into a folder owns it. */
function claim(place: string, user: number, given: string): void {
  const owner = join(place, '.user')
  if (!existsSync(owner)) {
    mkdirSync(place, { recursive: true })
    writeFileSync(owner, String(user))
  } else if (readFileSync(owner, 'utf8') !== String(user)) {
    throw generic(`Invalid upload directory, not owner: ${given}`)
  }
}

function describe(path: string, top: string): Value {
  let found: Stats
  try {
    found = statSync(path)
  } catch {
    throw unexpected('FileNotFoundError', `[Errno 2] No such file or directory: '${displayed(top, path)}'`)
  }
  const time = (milliseconds: number) => new Float(milliseconds / 1000)
  return {
    st_atime: time(found.atimeMs),
    // Of the link, which is what the move into place changes.
    st_ctime: time(lstatSync(path).ctimeMs),
    st_mtime: time(found.mtimeMs),
    st_size: String(found.size),
  }
}

function readPart(path: string, offset: number, most: number): Buffer {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const start = offset < 0 ? Math.max(size + offset, 0) : Math.min(offset, size)
    const length = most < 0 ? size - start : Math.min(most, size - start)
    const part = Buffer.alloc(length)
    readSync(file, part, 0, length, start)
    return part
  } finally {
    closeSync(file)
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}

function digest(kind: string, bytes: Uint8Array): string {
  if (kind === 'adler32') return adler32(bytes)
  if (kind === 'md5' || kind === 'sha256') return createHash(kind).update(bytes).digest('hex')
  throw generic(`Unsupported verify type: ${kind}`)
}

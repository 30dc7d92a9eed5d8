import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open as openFile, stat, statfs, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDiskFull } from '#files/errors.ts'
import { PermanentError } from '#service/errors.ts'
import { NothingBuilt } from '../../engine.ts'
import { BadReply } from '../rpc/decode.ts'
import { ConnectionLost, open, readAll, refusal, type HubAddress } from '../rpc/exchange.ts'
import type { RemoteFile } from './choose.ts'

export interface DownloadContext {
  readonly signal: AbortSignal
  readonly onBytes?: (done: number) => void
  /** Pauses between tries that brought nothing, in milliseconds. */
  readonly pauses?: readonly number[]
}

/**
 * Fetches a file of the hub to a path, going on where an earlier try ended, also one of a process that was killed. There
 * is never more of it on the disk than once. Ends only with a file of the promised size and, where there is one, sum.
 */
export async function download(
  files: HubAddress,
  file: RemoteFile,
  path: string,
  context: DownloadContext,
): Promise<void> {
  const { signal, pauses = [1_000, 5_000, 30_000, 60_000] } = context
  await assertRoom(path, file)
  for (let vain = 0; ;) {
    const before = await sizeOf(path)
    if (before > file.size) await rm(path, { force: true })
    else if (before === file.size) break
    try {
      await fetchOn(files, file, path, context)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ConnectionLost)) throw error
      vain = (await sizeOf(path)) > before ? 0 : vain + 1
      const pause = pauses[vain]
      if (pause === undefined) throw error
      await sleep(vain === 0 ? 0 : pause, undefined, { signal })
    }
  }
  await assertSum(path, file, signal)
}

/** Asks for what is missing and adds it. */
async function fetchOn(
  files: HubAddress,
  file: RemoteFile,
  path: string,
  { signal, onBytes }: DownloadContext,
): Promise<void> {
  const start = await sizeOf(path)
  const url = `/${file.path}`
  const headers = { 'Accept-Encoding': 'identity', ...(start > 0 ? { Range: `bytes=${String(start)}-` } : {}) }
  const answer = await open(files, url, { method: 'GET', headers, timeout: 12 * 60 * 60_000, signal })
  const status = answer.statusCode ?? 0
  if (status !== (start > 0 ? 206 : 200)) {
    const text = await readAll(answer, 1024 * 1024).catch(() => '')
    if (status === 200) throw new BadReply(`${files.url}${url} does not go on from ${String(start)}`)
    if (status === 403 || status === 404) {
      throw new NothingBuilt(`${file.name} is not at the hub any more: HTTP ${String(status)} for ${files.url}${url}`)
    }
    throw refusal(status, files.url + url, answer.headers.location, text)
  }
  assertPromise(answer.headers, start, file)
  await using out = await openFile(path, 'a')
  let size = start
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      size += part.length
      if (size > file.size) throw new BadReply(`${file.name} goes on after its ${String(file.size)} bytes`)
      await out.write(part)
      onBytes?.(size)
    }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof BadReply || isDiskFull(error)) throw error
    throw new ConnectionLost(`${file.name} broke off at ${String(size)} of ${String(file.size)} bytes`, true, {
      cause: error,
    })
  }
  if (size < file.size)
    throw new ConnectionLost(`${file.name} ended at ${String(size)} of ${String(file.size)} bytes`, true)
}

function assertPromise(headers: NodeJS.Dict<string | string[]>, start: number, file: RemoteFile): void {
  const range = headers['content-range']
  const total =
    start > 0 ? Number(/^bytes \d+-\d+\/(\d+)$/.exec(String(range))?.[1]) : Number(headers['content-length'])
  const begins = start > 0 ? Number(/^bytes (\d+)-/.exec(String(range))?.[1]) : 0
  if (begins !== start)
    throw new BadReply(`${file.name} goes on at ${String(begins)} where ${String(start)} was asked for`)
  if (!Number.isNaN(total) && total !== file.size) {
    throw new BadReply(`${file.name} is served with ${String(total)} bytes, and the hub told of ${String(file.size)}`)
  }
}

async function assertSum(path: string, file: RemoteFile, signal: AbortSignal): Promise<void> {
  if (file.sha256 === null) return
  const hash = createHash('sha256')
  for await (const part of createReadStream(path, { signal }) as AsyncIterable<Buffer>) hash.update(part)
  if (hash.digest('hex') === file.sha256) return
  await rm(path, { force: true })
  throw new BadReply(`${file.name} has not the SHA-256 sum of its build`)
}

async function assertRoom(path: string, file: RemoteFile): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path))
  const missing = file.size - (await sizeOf(path))
  if (bavail * bsize > missing * 1.05) return
  throw new PermanentError(
    'capacity',
    `${file.name} has ${String(file.size)} bytes, and there is room for ${String(bavail * bsize)}`,
  )
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0
}

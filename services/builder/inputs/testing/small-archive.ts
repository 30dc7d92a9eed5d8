import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { gather } from '#subprocess/gather.ts'
import { run } from '#subprocess/run.ts'

/** Packages of a suite, by name, with the fields that each has besides. */
export type Packages = Readonly<Record<string, Readonly<Record<string, string>>>>

/** An archive of Debian's form on a server of its own: what its suites hold can be changed while it serves. */
export interface SmallArchive extends AsyncDisposable {
  readonly url: string
  /** Publishes a suite anew, as an archive does it: its index, the same for two architectures, then the list that names it. */
  readonly publish: (suite: string, packages: Packages) => Promise<void>
  /** Serves any other file below the archive. */
  readonly put: (path: string, text: string) => void
  /** From now on all that is asked for is answered with this status; null ends that. */
  readonly answerWith: (status: number | null) => void
}

/** Starts an archive without suites. */
export async function startSmallArchive(): Promise<SmallArchive> {
  const files = new Map<string, Buffer>()
  let status: number | null = null
  const server = createServer(({ url = '', method }, response) => {
    const file = files.get(url)
    response.writeHead(status ?? (file ? 200 : 404), file && { 'content-length': file.length })
    response.end(method === 'HEAD' || status !== null ? undefined : file)
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/debian`,
    async publish(suite, packages) {
      const index = await packed(indexOf(packages))
      const digest = createHash('sha256').update(index).digest('hex')
      const folder = `/debian/dists/${suite}`
      const paths = ['main/binary-amd64', 'main/binary-i386']
      for (const path of paths) files.set(`${folder}/${path}/by-hash/SHA256/${digest}`, index)
      const lines = paths.map((path) => ` ${digest} ${String(index.length)} ${path}/Packages.xz\n`)
      const release = `Suite: ${suite}\nDate: ${new Date().toUTCString()}\nSHA256:\n${lines.join('')}`
      files.set(`${folder}/InRelease`, Buffer.from(release))
    },
    put(path, text) {
      files.set(`/debian/${path}`, Buffer.from(text))
    },
    answerWith(answer) {
      status = answer
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The index of a suite, a paragraph for each package. */
export function indexOf(packages: Packages): string {
  return Object.entries(packages)
    .map(([name, fields]) => {
      const all = { Package: name, Version: '1', Architecture: 'amd64', ...fields }
      return Object.entries(all)
        .map(([field, value]) => `${field}: ${value}\n`)
        .join('')
    })
    .join('\n')
}

async function packed(text: string): Promise<Buffer> {
  const { output, bytes } = gather()
  await run('xz', ['--stdout', '-0'], { input: Readable.from([Buffer.from(text)]), output })
  return bytes()
}

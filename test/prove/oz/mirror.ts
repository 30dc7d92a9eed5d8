import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createServer, request as ask } from 'node:http'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { suite } from './small-debian.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** What the installer is made of, as a mirror has it. */
export interface Installer {
  /** Folder with Debian's `netboot` tree. */
  readonly netboot: string
  /** The release file. */
  readonly release: Buffer
}

/**
 * Puts together an installer of which a mirror has all parts: Debian's network installer is a package, and its kernel must
 * be one whose modules are in the mirror's index. Mirrors that keep only what is asked for have an index of another day than
 * the newest installer, so older ones are tried, and the release file names the index as it is.
 */
export async function findInstaller(archive: string, folder: string): Promise<Installer> {
  const index = await fetchFile(`${archive}/dists/${suite}/${installerIndex}`, join(folder, 'installer.xz'))
  const { stdout: kernels } = await run('sh', ['-c', 'xz -dc "$1" | grep "^Filename: .*/kernel-image-"', 'sh', index])
  const release = await verifiedRelease(archive, folder, await readFile(index))
  for (let update = 20; update > 0; update -= 1) {
    const name = `debian-installer-13-netboot-amd64_20250803+deb13u${String(update)}_all.deb`
    const url = `${archive}/pool/main/d/debian-installer-netboot-images/${name}`
    if (!(await isThere(url))) continue
    const tree = join(folder, `netboot-${String(update)}`)
    await run('dpkg-deb', ['-x', await fetchFile(url, `${tree}.deb`), tree])
    const netboot = join(tree, 'usr/lib/debian-installer/images/13/amd64/text')
    const { stdout } = await run('file', ['--brief', join(netboot, 'debian-installer/amd64/linux')])
    const kernel = /version (\S+)/.exec(stdout)?.[1] ?? ''
    const path = kernels.split('\n').find((line) => line.includes(`/kernel-image-${kernel}-di_`))
    if (path !== undefined && (await isThere(`${archive}/${path.replace('Filename: ', '')}`)))
      return { netboot, release }
  }
  throw new Error(`${archive} has no network installer together with the modules of its kernel`)
}

const installerIndex = 'main/debian-installer/binary-amd64/Packages.xz'

async function isThere(url: string): Promise<boolean> {
  return (await fetch(url, { method: 'HEAD' })).ok
}

async function fetchFile(url: string, to: string): Promise<string> {
  await run('curl', ['-fsS', '-o', to, url])
  return to
}

/** The release file out of its signed form: a mirror's detached signature may be of another day. */
async function verifiedRelease(archive: string, folder: string, index: Buffer): Promise<Buffer> {
  const signed = await fetchFile(`${archive}/dists/${suite}/InRelease`, join(folder, 'InRelease'))
  await run('gpgv', ['--keyring', keyring, '--output', join(folder, 'Release'), signed])
  const digest = createHash('sha256').update(index).digest('hex')
  const line = new RegExp(` [0-9a-f]{64} +\\d+ ${installerIndex}$`, 'm')
  const text = await readFile(join(folder, 'Release'), 'utf8')
  return Buffer.from(text.replace(line, ` ${digest} ${String(index.length)} ${installerIndex}`))
}

/** Serves the installer and the verified release file, and passes everything else on to the mirror. */
export async function relay(
  socket: string,
  archive: string,
  { netboot, release }: Installer,
): Promise<AsyncDisposable> {
  const { hostname, port, pathname } = new URL(archive)
  const server = createServer((asked, answer) => {
    const path = (asked.url ?? '').replace(/^\/debian/, '')
    const file = /\/current\/images\/netboot\/(debian-installer\/amd64\/(?:linux|initrd\.gz))$/.exec(path)?.[1]
    if (path === `/dists/${suite}/Release`) {
      answer.end(release)
      return
    }
    if (file !== undefined) {
      void stat(join(netboot, file)).then(({ size }) => {
        answer.writeHead(200, { 'content-length': size })
        if (asked.method === 'HEAD') answer.end()
        else createReadStream(join(netboot, file)).pipe(answer)
      })
      return
    }
    const headers = { ...asked.headers, host: hostname }
    const upstream = ask({ hostname, port, path: pathname + path, method: asked.method, headers }, (said) => {
      answer.writeHead(said.statusCode ?? 502, said.headers)
      said.pipe(answer)
    })
    upstream.on('error', () => answer.destroy())
    asked.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

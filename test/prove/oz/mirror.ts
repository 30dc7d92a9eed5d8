import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createServer, request as ask } from 'node:http'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { suite } from './small-debian.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Debian's network installer, out of the package that holds it. */
export async function fetchNetboot(archive: string, folder: string): Promise<string> {
  const index = await run('sh', [
    '-c',
    'curl -fsS "$1" | xz -dc | grep -m1 "^Filename: .*/debian-installer-13-netboot-amd64_"',
    'sh',
    `${archive}/dists/${suite}/main/binary-amd64/Packages.xz`,
  ])
  const path = index.stdout.trim().replace('Filename: ', '')
  await run('curl', ['-fsS', '-o', join(folder, 'netboot.deb'), `${archive}/${path}`])
  await run('dpkg-deb', ['-x', join(folder, 'netboot.deb'), join(folder, 'netboot')])
  return join(folder, 'netboot/usr/lib/debian-installer/images/13/amd64/text')
}

/** The release file out of its signed form: a mirror's detached signature may be of another day. */
export async function verifiedRelease(archive: string, folder: string): Promise<Buffer> {
  const signed = join(folder, 'InRelease')
  await run('curl', ['-fsS', '-o', signed, `${archive}/dists/${suite}/InRelease`])
  await run('gpgv', ['--keyring', keyring, '--output', join(folder, 'Release'), signed])
  return await readFile(join(folder, 'Release'))
}

/** Serves the installer and the verified release file, and passes everything else on to the mirror. */
export async function relay(
  socket: string,
  archive: string,
  netboot: string,
  release: Buffer,
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

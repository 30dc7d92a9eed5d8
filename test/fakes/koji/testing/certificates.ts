import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'

/** A certificate and its key: the files and what is in them. */
export interface Pair {
  readonly chain: { readonly path: string; readonly pem: string }
  readonly key: { readonly path: string; readonly pem: string }
}

/** An authority of our own, and whom it vouches for. */
export interface Authority extends AsyncDisposable {
  readonly certificate: { readonly path: string; readonly pem: string }
  /** A certificate for a host or a user of this name. */
  issue(name: string): Promise<Pair>
}

export async function createAuthority(): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'imagedrop-authority-'))
  const file = (name: string) => join(folder, name)
  const read = async (name: string) => ({ path: file(name), pem: await readFile(file(name), 'utf8') })
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  await openssl(`req -x509 ${newKey} -days 2 -subj /CN=authority -keyout ${file('ca.key')} -out ${file('ca.pem')}`)
  return {
    certificate: await read('ca.pem'),
    async issue(name) {
      await writeFile(file(`${name}.ext`), `subjectAltName=DNS:${name}\n`)
      await openssl(
        `req ${newKey} -subj /O=Dummy/CN=${name} -keyout ${file(`${name}.key`)} -out ${file(`${name}.csr`)}`,
      )
      const signed = `-CA ${file('ca.pem')} -CAkey ${file('ca.key')} -CAcreateserial -extfile ${file(`${name}.ext`)}`
      await openssl(`x509 -req -days 2 -in ${file(`${name}.csr`)} ${signed} -out ${file(`${name}.pem`)}`)
      return { chain: await read(`${name}.pem`), key: await read(`${name}.key`) }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

async function openssl(line: string): Promise<void> {
  await run('openssl', line.split(' '))
}

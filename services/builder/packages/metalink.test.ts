import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { mirrorByMetalink } from './metalink.ts'

const answer = `<?xml version="1.0"?><metalink><files><file name="repomd.xml"><resources maxconnections="1">
<url protocol="rsync" type="rsync" location="DE" preference="100">rsync://one.example.org/fedora/linux/releases/43/Everything/x86_64/os/repodata/repomd.xml</url>
<url protocol="https" type="https" location="DE" preference="99">https://two.example.org/pub/fedora/linux/releases/43/Everything/x86_64/os/repodata/repomd.xml</url>
<url protocol="https" type="https" location="FR" preference="98">https://three.example.org/fedora/linux/releases/43/Everything/x86_64/os/repodata/repomd.xml</url>
</resources></file></files></metalink>`

it.each([
  ['43', '/metalink?repo=fedora-43&arch=x86_64'],
  ['rawhide', '/metalink?repo=rawhide&arch=x86_64'],
])(
  'asks the metalink of the host for Fedora %s and takes the first mirror that speaks HTTP',
  async (release, asked) => {
    const requests: string[] = []
    const server = createServer((request, response) => {
      requests.push(request.url ?? '')
      response.end(answer)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const root = await mkdtemp(join(tmpdir(), 'imagedrop-metalink-'))
    await mkdir(join(root, 'etc/yum.repos.d'), { recursive: true })
    const { port } = server.address() as AddressInfo
    const address = `http://127.0.0.1:${String(port)}/metalink?repo=fedora-$releasever&arch=$basearch`
    await writeFile(join(root, 'etc/yum.repos.d/fedora.repo'), `[fedora]\n#baseurl=http://x/\nmetalink=${address}\n`)
    expect(await mirrorByMetalink(release, fetch, root)).toBe('https://two.example.org/pub/fedora')
    expect(requests).toEqual([asked])
    server.close()
    await rm(root, { recursive: true })
  },
)

it('has no answer on a host that is not configured for Fedora', async () => {
  expect(await mirrorByMetalink('43', fetch, '/nowhere')).toBeNull()
})

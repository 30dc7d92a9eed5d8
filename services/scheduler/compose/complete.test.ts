import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ComposeStatusChanged } from '#events/compose.ts'
import { completeNotice } from './complete.ts'
import { candidate, nightly, sparse } from './testing/example-messages.ts'
import { readNotice } from './notice.ts'
import { createMetadataReader } from './read-metadata.ts'

const pungi = (body: ComposeStatusChanged) => readNotice({ subject: 'pungi.compose.status.change', body }, new Date())
const bounds = { deadline: 2_000, maxBytes: 100_000 }

function composeinfo(id: string, more: { label?: string; type?: string } = {}) {
  const arches = ['aarch64', 'x86_64']
  const both = (kind: string) => Object.fromEntries(arches.map((arch) => [arch, `${kind}/${arch}`]))
  return {
    header: { type: 'productmd.composeinfo', version: '1.2' },
    payload: {
      compose: { id, type: 'production', date: '20250912', respin: 0, ...(more.label ? { label: more.label } : {}) },
      release: { name: 'Fedora', short: 'Fedora', version: '43', type: more.type ?? 'ga', internal: false },
      variants: {
        Cloud: { id: 'Cloud', uid: 'Cloud', arches, paths: { images: both('images'), repository: both('os') } },
        Server: { id: 'Server', uid: 'Server', arches, paths: { repository: { x86_64: 'os' } } },
      },
    },
  }
}

const images = (id: string) => ({
  header: { type: 'productmd.images', version: '1.2' },
  payload: { compose: { id }, images: { Cloud: { x86_64: [{ path: 'a.qcow2' }], aarch64: [] } } },
})

describe('metadata over HTTP', () => {
  let server: Server
  let origin: string
  let answer: RequestListener

  beforeEach(async () => {
    answer = (_request, response) => response.writeHead(404).end()
    server = createServer((request, response) => {
      answer(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  const serve = (files: Record<string, unknown>) => {
    answer = (request, response) => {
      const name = /^\/compose\/metadata\/(.*)$/.exec(request.url ?? '')?.[1] ?? ''
      if (name in files) response.end(JSON.stringify(files[name]))
      else response.writeHead(404).end()
    }
  }
  const complete = async (body: ComposeStatusChanged, more: Partial<typeof bounds> = {}) => {
    const read = createMetadataReader({ allowed: [`${origin}/compose`], ...bounds, ...more })
    const notice = { ...pungi(body), location: `${origin}/compose` }
    return await completeNotice(notice, read, new AbortController().signal)
  }
  const beta = candidate('43', 'Beta-1.3', '20250912')

  it('gives an old message its label', async () => {
    serve({ 'composeinfo.json': composeinfo(beta.compose_id, { label: 'Beta-1.3' }) })
    expect(await complete(sparse(beta))).toMatchObject({ label: 'Beta-1.3', releaseType: 'ga' })
  })

  it('tells of an old message that it is about updates-testing', async () => {
    serve({ 'composeinfo.json': composeinfo(beta.compose_id, { type: 'updates-testing' }) })
    expect(await complete(sparse(beta))).toMatchObject({ label: null, releaseType: 'updates-testing' })
  })

  it('says what an incomplete compose lacks', async () => {
    serve({ 'composeinfo.json': composeinfo(beta.compose_id), 'images.json': images(beta.compose_id) })
    expect(await complete({ ...beta, status: 'FINISHED_INCOMPLETE' })).toMatchObject({
      isIncomplete: true,
      missing: ['Cloud aarch64 has no images', 'Server aarch64 has no repository'],
    })
  })

  it('is not asked for when the message says everything', async () => {
    answer = (request) => {
      throw new Error(`asked for ${String(request.url)}`)
    }
    expect(await complete(beta)).toMatchObject({ label: 'Beta-1.3', missing: [] })
  })

  it('of another compose, that a link points to by now, is not believed', async () => {
    serve({ 'composeinfo.json': composeinfo('Fedora-43-20250913.0', { label: 'RC-1.1' }) })
    await expect(complete(sparse(beta))).rejects.toThrow(/now holds the compose Fedora-43-20250913\.0/)
  })

  it.each<[string, RequestListener, string]>([
    ['that is missing', (_request, response) => response.writeHead(404).end(), 'HTTP 404'],
    ['that is no JSON', (_request, response) => response.end('<html>'), 'not JSON'],
    ['that lacks a field', (_request, response) => response.end('{"payload":{}}'), 'payload.compose'],
    ['that is too large', (_request, response) => response.end(`"${'x'.repeat(200_000)}"`), 'larger than 100000 bytes'],
    [
      'that lies elsewhere',
      (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/secret' }).end(),
      'not under an allowed location',
    ],
    [
      'that redirects for ever',
      (request, response) => response.writeHead(302, { location: request.url }).end(),
      'more than 5 redirects',
    ],
  ])('%s is a refusal of a production compose without a label', async (_what, listener, words) => {
    answer = listener
    const failed = complete(sparse(beta))
    await expect(failed).rejects.toMatchObject({ failureClass: 'refused' })
    await expect(failed).rejects.toThrow(words)
  })

  it.each<[string, RequestListener]>([
    ['a server in trouble', (_request, response) => response.writeHead(503).end()],
    ['a server that hangs', () => undefined],
    ['a connection that breaks', (request) => request.socket.destroy()],
  ])('of %s is asked for again later', async (_what, listener) => {
    answer = listener
    await expect(complete(sparse(beta), { deadline: 300 })).rejects.toMatchObject({ code: 'TRANSIENT' })
  })

  it('that cannot be read leaves a nightly compose what its id says', async () => {
    expect(await complete(sparse(nightly('43', '20250912')))).toMatchObject({ label: null, releaseType: 'ga' })
  })

  it('is followed to an allowed place', async () => {
    answer = (request, response) => {
      if (request.url?.startsWith('/compose/metadata') === true) {
        response.writeHead(302, { location: '/compose/elsewhere/composeinfo.json' }).end()
      } else response.end(JSON.stringify(composeinfo(beta.compose_id, { label: 'Beta-1.3' })))
    }
    expect(await complete(sparse(beta))).toMatchObject({ label: 'Beta-1.3' })
  })
})

describe('metadata in a folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scheduler-metadata-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  const rc = candidate('43', 'RC-1.6', '20251023')
  const complete = async (location: string) => {
    const read = createMetadataReader({ allowed: [join(folder, 'composes')], ...bounds })
    return await completeNotice({ ...pungi(sparse(rc)), location }, read, new AbortController().signal)
  }
  const write = async (place: string) => {
    await mkdir(join(folder, place, 'metadata'), { recursive: true })
    const text = JSON.stringify(composeinfo(rc.compose_id, { label: 'RC-1.6' }))
    await writeFile(join(folder, place, 'metadata/composeinfo.json'), text)
  }

  it('gives an old message its label', async () => {
    await write('composes/43')
    expect(await complete(join(folder, 'composes/43'))).toMatchObject({ label: 'RC-1.6' })
  })

  it('is not read through a link that leads out of the allowed folder', async () => {
    await write('elsewhere')
    await mkdir(join(folder, 'composes'))
    await symlink(join(folder, 'elsewhere'), join(folder, 'composes/latest'))
    await expect(complete(join(folder, 'composes/latest'))).rejects.toThrow('not under an allowed location')
  })

  it('that is not there is a refusal', async () => {
    await expect(complete(join(folder, 'composes/43'))).rejects.toMatchObject({ failureClass: 'refused' })
  })
})

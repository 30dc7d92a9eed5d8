import { describe, expect, it } from 'vitest'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { debianDrop } from '../../testing/drops.ts'
import { openHttpServer, type HttpServer } from '../../testing/http-server.ts'
import { imageFailing, published } from '../../testing/news.ts'
import { openWithSettings } from '../../testing/open-with-settings.ts'
import { webhookBody } from './body.ts'
import { signatureHeaders } from './sign.ts'

const [older, newer] = [1, 2].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`) as [string, string]
const body = debianDrop()

/** Opens an announcer that posts to these servers, each named as its key is. */
async function openPosting(
  servers: Readonly<Record<string, Pick<HttpServer, 'url'>>>,
  secret = `${newer}\n${older}\n`,
) {
  const endpoints = Object.fromEntries(
    Object.entries(servers).map(([name, { url }]) => [name, { url: `${url}/hook?key=hidden`, secretFile: 'secret' }]),
  )
  return await openWithSettings({
    variable: 'IMAGEDROP_ANNOUNCER_WEBHOOK_FILE',
    content: { endpoints },
    files: { secret },
    env: {
      IMAGEDROP_ANNOUNCER_MIRROR_URL: 'https://download.example.org/pub',
      IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org/',
    },
  })
}

describe('what is posted', () => {
  it('has a JSON Schema beside it, which `vitest --update` writes anew', async () => {
    const schema = { title: 'What an imagedrop webhook posts', ...z.toJSONSchema(webhookBody, { target: 'draft-7' }) }
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot('body.schema.json')
  })

  it('is what its schema says, and signed by each secret that is in use', async () => {
    await using server = await openHttpServer(() => ({ status: 200 }))
    await using announcer = await openPosting({ ci: server })
    await announcer.hear(published(body))
    const [request] = server.heard
    if (!request) throw new Error('nothing was posted')
    for (const secret of [older, newer]) {
      new Webhook(secret).verify(request.body, request.headers as Record<string, string>)
    }
    expect(request.headers['content-type']).toBe('application/json')
    const posted = webhookBody.parse(JSON.parse(request.body))
    expect(posted).toMatchObject({
      type: 'drop.published',
      timestamp: '2026-07-11T12:00:00.000Z',
      data: {
        text: `Debian 12 cloud images 20260711 (nightly): 4 of 4 images passed https://cloud.example.org/drops/${body.drop}.html`,
        drop: body.drop,
        tree: 'https://download.example.org/pub/alt/debian-12-20260711',
      },
    })
    const { images } = posted.type === 'drop.published' ? posted.data : { images: [] }
    expect(images[0]?.files[0]).toMatchObject({
      url: 'https://download.example.org/pub/alt/debian-12-20260711/amd64/debian-12-generic-amd64-20260711.qcow2',
      sha256: body.files[0]?.sha256,
      format: 'qcow2',
    })
    expect(images[2]?.registrations).toHaveLength(2)
  })

  it('is refused by a receiver when anything of it was changed', async () => {
    const signed = { id: 'msg_1', sentAt: new Date(), body: '{"a":1}' }
    const headers = signatureHeaders(signed, [Buffer.alloc(32, 1)])
    const verify = (text: string, change: Record<string, string> = {}) =>
      new Webhook(older).verify(text, { ...headers, ...change })
    expect(verify('{"a":1}')).toEqual({ a: 1 })
    expect(() => verify('{"a":2}')).toThrow('No matching signature')
    expect(() => verify('{"a":1}', { 'webhook-id': 'msg_2' })).toThrow('No matching signature')
    const old = signatureHeaders({ ...signed, sentAt: new Date(Date.now() - 600_000) }, [Buffer.alloc(32, 1)])
    expect(() => verify('{"a":1}', old)).toThrow('too old')
  })
})

describe('an endpoint', () => {
  it.each([408, 429, 500, 503])(
    'that says %i is asked again, with the same id, and the others only once',
    async (status) => {
      await using other = await openHttpServer(() => ({ status: 202 }))
      let asked = 0
      await using server = await openHttpServer(() => ({ status: (asked += 1) === 1 ? status : 200 }))
      await using announcer = await openPosting({ ci: server, other })
      await expect(announcer.hear(published(body))).rejects.toMatchObject({
        name: 'TransientError',
        message: expect.stringMatching(new RegExp(`^webhook: ci: ${String(status)}`)),
      })
      await announcer.hear(published(body))
      await announcer.hear(published(body))
      expect(other.heard).toHaveLength(1)
      expect(server.heard).toHaveLength(2)
      const ids = [...server.heard, ...other.heard].map(({ headers }) => headers['webhook-id'])
      expect(new Set(ids).size).toBe(1)
      expect(ids[0]).toMatch(/^msg_[0-9a-f]{32}$/)
    },
  )

  it.each([400, 401, 404, 410])('that says %i is not asked again, and its address is not told', async (status) => {
    await using server = await openHttpServer(() => ({ status, body: { error: 'no such hook' } }))
    await using announcer = await openPosting({ ci: server })
    const error: unknown = await announcer.hear(published(body)).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      name: 'PermanentError',
      failureClass: 'refused',
      message: `webhook: ci: ${String(status)}: {"error":"no such hook"}`,
    })
  })

  it('that sends elsewhere is refused, and elsewhere hears nothing', async () => {
    await using elsewhere = await openHttpServer(() => ({ status: 200 }))
    await using server = await openHttpServer(() => ({ status: 307, headers: { location: elsewhere.url } }))
    await using announcer = await openPosting({ ci: server })
    await expect(announcer.hear(published(body))).rejects.toMatchObject({ name: 'PermanentError' })
    expect(elsewhere.heard).toEqual([])
  })

  it('that hangs up may be asked again', async () => {
    await using rude = await openHttpServer(() => ({ status: 'hang up' }))
    await using announcer = await openPosting({ ci: rude })
    await expect(announcer.hear(published(body))).rejects.toMatchObject({ name: 'TransientError' })
  })

  it('that did not choose failures hears nothing of them', async () => {
    await using server = await openHttpServer(() => ({ status: 200 }))
    await using announcer = await openPosting({ ci: server })
    await announcer.hear(imageFailing(body, 'no room'))
    expect(server.heard).toEqual([])
  })
})

it.each(['hello', 'whsec_c2hvcnQ=', ''])('a secret that is none, %j, is refused by its file', async (secret) => {
  await expect(openPosting({ ci: { url: 'http://127.0.0.1:1' } }, secret)).rejects.toThrow(
    /IMAGEDROP_ANNOUNCER_WEBHOOK_FILE: .*endpoints\.ci: each line of secret must be whsec_/,
  )
})

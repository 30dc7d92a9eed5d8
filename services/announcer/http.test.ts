import { expect, it } from 'vitest'
import { send } from './http.ts'
import { openHttpServer } from './testing/http-server.ts'

const request = { what: 'ci', method: 'POST', headers: {}, body: 'hello' } as const

it('a server that is silent is left with the reason when the job is stopped', async () => {
  await using server = await openHttpServer(() => ({ status: 'silence' }))
  const stop = new AbortController()
  const reason = new Error('the process stops')
  const sent = Promise.allSettled([send({ ...request, url: server.url }, stop.signal)])
  await expect.poll(() => server.heard.length).toBe(1)
  stop.abort(reason)
  expect(await sent).toEqual([{ status: 'rejected', reason }])
})

it('of an endless answer no more is read than an error needs', async () => {
  await using server = await openHttpServer(() => ({ status: 400, body: 'x'.repeat(10_000_000) }))
  const error: unknown = await send({ ...request, url: server.url }, new AbortController().signal).catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ name: 'PermanentError', message: expect.stringMatching(/^ci: 400: "x{299}$/) })
})

it('a server that nobody listens at may be there later, and the reason is told', async () => {
  const { url, ...server } = await openHttpServer(() => ({ status: 200 }))
  await server[Symbol.asyncDispose]()
  await expect(send({ ...request, url }, new AbortController().signal)).rejects.toMatchObject({
    name: 'TransientError',
    message: expect.stringMatching(/^ci: .*ECONNREFUSED/),
  })
})

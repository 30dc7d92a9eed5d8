import { request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'

/** What came back, or that nothing did. */
export type Answer = { readonly status: number; readonly body: string } | { readonly lost: true }

/** Sends one request as it is, without any knowledge of Koji. */
export async function send(url: string, body: string | Buffer, options: RequestOptions): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(
    url,
    { agent: false, ...options },
    (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', () => {
        resolve({ lost: true })
      })
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') })
      })
    },
  )
  request.on('error', () => {
    resolve({ lost: true })
  })
  request.end(body)
  return await promise
}

import { afterAll, beforeAll } from 'vitest'
import { provideNgircd } from '#test/brokers/ngircd.ts'
import type { Server } from '#test/brokers/server.ts'

/** A server that welcomes everybody at once, for the tests of a file; `plain` is a network of the settings file on it, in the open. */
export function useOpenServer() {
  let server: Server
  beforeAll(async () => {
    server = await provideNgircd()
  }, 120_000)
  afterAll(() => server[Symbol.asyncDispose]())
  return {
    get url() {
      return server.url
    },
    plain: (channels: object) => ({ server: server.url, channels }),
  }
}

import { expect, it } from 'vitest'
import { createSend } from './http.ts'

it('what is stopped before it begins throws the reason, and asks nobody', async () => {
  const send = createSend({ ca: null, verify: true, silence: 1_000 })
  const stopped = AbortSignal.abort(new Error('told to stop'))
  const request = { method: 'GET', url: 'http://127.0.0.1:9/' } as const
  await expect(send(request, stopped)).rejects.toThrow('told to stop')
  // An error that nobody hears would end the process now, and the test with it.
  await new Promise((resolve) => setImmediate(resolve))
})

import { isBusy } from './sdk-errors.ts'
import { patiently, type Pace } from './wait.ts'

interface CallOptions {
  readonly abortSignal?: AbortSignal
}
type Operation = (input: unknown, options: CallOptions) => Promise<unknown>

/** The same client of an SDK, whose operations outlast what passes by itself. A call that names a signal of its own ends by that. */
export function makePatient<Client extends object>(client: Client, pace: Pace): Client {
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const operation = member.bind(target) as Operation
      return (input: unknown, { abortSignal: signal = pace.signal }: CallOptions = {}) =>
        patiently(() => operation(input, { abortSignal: signal }), isBusy, { ...pace, signal })
    },
  })
}

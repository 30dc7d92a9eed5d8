import { testBus } from '../bus.contract.ts'
import { createMemoryBus } from './memory-bus.ts'

testBus('memory', () =>
  Promise.resolve({
    open: () => Promise.resolve(createMemoryBus()),
    confirms: 'on-delivery',
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
)

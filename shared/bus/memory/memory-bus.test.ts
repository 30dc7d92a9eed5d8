import { testBus } from '../bus.contract.ts'
import { createMemoryBus } from './memory-bus.ts'

testBus('memory', () => Promise.resolve(createMemoryBus()))

import { availableParallelism } from 'node:os'
import { expect, it } from 'vitest'
import { readConverterConfig } from './config.ts'

it('uses every core when nothing is set', () => {
  expect(readConverterConfig({}).threads).toBe(availableParallelism())
})

it('names the variable and the value that it cannot use', () => {
  expect(() => readConverterConfig({ IMAGEDROP_CONVERTER_THREADS: 'many' })).toThrow(
    /IMAGEDROP_CONVERTER_THREADS.*many/,
  )
  expect(() => readConverterConfig({ IMAGEDROP_CONVERTER_MEMORY_MIB: '1' })).toThrow(/IMAGEDROP_CONVERTER_MEMORY_MIB/)
})

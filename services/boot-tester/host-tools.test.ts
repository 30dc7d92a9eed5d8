import { expect, it } from 'vitest'
import { PermanentError } from '#service/errors.ts'
import { ToolMissing } from '#subprocess/errors.ts'
import { namingPackage } from './host-tools.ts'

it('a missing tool is an error of the environment that says what to install', () => {
  const named = namingPackage(new ToolMissing('xorriso'))
  expect(named).toBeInstanceOf(PermanentError)
  expect(named).toMatchObject({ failureClass: 'environment', message: 'xorriso is not installed: install xorriso' })
})

it('other errors stay as they are', () => {
  const other = new Error('disk full')
  expect(namingPackage(other)).toBe(other)
})

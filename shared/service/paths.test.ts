import { expect, it } from 'vitest'
import { house } from '#test/support/house.ts'
import { pathsFrom } from './paths.ts'

const services = await house.definitions()

function pathsOf(name: string): string[] {
  const first = services.find((one) => one.name === name)
  return first ? pathsFrom(first, services).map((path) => path.join(' > ')) : []
}

it('an image is built, then converted beside its boot test, which those wait for that publish it', () => {
  expect(pathsOf('builder').toSorted()).toEqual([
    'builder > boot-tester > ec2-publisher',
    'builder > boot-tester > eucalyptus-publisher',
    'builder > boot-tester > openstack-publisher',
    'builder > converter',
  ])
  expect(pathsOf('converter')).toEqual(['converter'])
})

it('ends where services say what they heard themselves', () => {
  const [one, other] = [
    services.find(({ name }) => name === 'builder'),
    services.find(({ name }) => name === 'converter'),
  ]
  if (!one || !other) throw new Error('the services are not there')
  const circle = [one, { ...other, emits: [...other.emits, ...one.consumes] }]
  expect(pathsFrom(one, circle)).toEqual([['builder', 'converter']])
})

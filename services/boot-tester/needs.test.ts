import { join } from 'node:path'
import { expect, it } from 'vitest'
import { laterChecks } from './checks/index.ts'
import { dataSourceNames } from './datasources/index.ts'
import { needsOfBoots } from './needs.ts'
import { parseBootPolicy, readBootPolicy } from './plan/boot-policy.ts'

const shipped = join(import.meta.dirname, '../../deploy/boots.yaml')
const policy = readBootPolicy(shipped, { datasources: dataSourceNames, later: laterChecks.map(({ name }) => name) })
const subject = { distribution: 'debian-12', flavour: 'generic', architecture: 'x86_64', compose: 'nightly' }

it('needs memory for as many guests as the policy starts at a time', () => {
  const { boots, atOnce } = policy.planFor(subject)
  const guests = Math.min(boots.length, atOnce)
  expect(guests).toBeGreaterThan(0)
  const needs = needsOfBoots(policy, { accelerator: 'auto', memoryMib: 1024 })(subject)
  expect(needs).toEqual({ cores: guests / 2, memoryMib: guests * 1324 })
})

it('needs KVM, and a processor that has it for the image, only where nothing else will do', () => {
  const needs = needsOfBoots(policy, { accelerator: 'kvm', memoryMib: 1024 })(subject)
  expect(needs).toMatchObject({ kvm: true, architecture: 'x86_64' })
})

it('needs nothing for an image that no row says how to boot: its job says so wherever it runs', () => {
  const choices = { datasources: dataSourceNames, later: [] }
  const none = parseBootPolicy(
    'boots: { bios: { firmware: bios, chipset: i440fx, disk: virtio, tpm: false, datasource: nocloud } }\n' +
      'images: [{ architecture: [aarch64], boots: [bios] }]\n',
    'boots.yaml',
    choices,
  )
  expect(needsOfBoots(none, { accelerator: 'auto', memoryMib: 1024 })(subject)).toEqual({ cores: 0, memoryMib: 0 })
})

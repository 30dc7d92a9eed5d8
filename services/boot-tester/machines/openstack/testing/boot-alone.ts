// Boots a disk in the cloud of a test, tells its parent so, and stays until it is killed.
import { guestParts } from './guest-parts.ts'
import { openMachine } from './open-machine.ts'

const [, , json = ''] = process.argv
const { guest, ...options } = JSON.parse(json) as Parameters<typeof openMachine>[0] & {
  readonly guest: Parameters<typeof guestParts>[0]
}
await openMachine(options).powerOn(await guestParts(guest))
process.send?.('running')

import { passedIf, type GuestCheck } from '../check.ts'

/** Two machines of one image are two machines. */
export const machineId: GuestCheck = {
  name: 'machine-id',
  description: 'the first boot gave the machine an id of its own',
  severity: 'error',
  rule: 'machine-id(5), "First boot semantics"',
  since: null,
  on: 'guest',
  script: 'cat /etc/machine-id',
  judge: ({ output }) => {
    const id = output.trim()
    return passedIf(/^[0-9a-f]{32}$/.test(id), id === '' ? '/etc/machine-id is empty' : id)
  },
}

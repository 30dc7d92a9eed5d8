import { passedIfNone, type DiskCheck } from '../check.ts'

/** Two machines of one image are two machines; what they get at their first boot is the check `machine-id`. */
export const machineIdUnset: DiskCheck = {
  name: 'machine-id-unset',
  description: 'the image has no machine id: /etc/machine-id is empty, missing or says uninitialized',
  severity: 'error',
  rule: 'systemd, Safely building images, "Resources to reset"; machine-id(5), "First boot semantics"',
  since: '2026-11-26',
  on: 'disk',
  reads: 'files',
  judge: async ({ tree }) => {
    const places = ['/etc/machine-id', '/var/lib/dbus/machine-id']
    const found: string[] = []
    for (const place of places) {
      const id = (await tree.text(place))?.trim() ?? ''
      if (id !== '' && id !== 'uninitialized') found.push(`${place}: ${id}`)
    }
    return passedIfNone(found, 'unset')
  },
}

import { ToolMissing } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'

/** Ends a virtual machine of libvirt by its name, if it runs, and forgets it. */
export async function destroyDomain(uri: string, name: string): Promise<void> {
  // One that does not run cannot be ended, and one that was never defined cannot be forgotten: both are well.
  for (const action of ['destroy', 'undefine']) {
    try {
      await run('virsh', ['--connect', uri, action, name], { deadline: 60_000, okCodes: [0, 1] })
    } catch (error) {
      // Without libvirt's own client there is no libvirt whose machine could run.
      if (error instanceof ToolMissing) return
      throw error
    }
  }
}

import { sep } from 'node:path'
import { z } from 'zod'
import { run } from '#subprocess/run.ts'

const listing = z.object({ loopdevices: z.array(z.object({ name: z.string(), 'back-file': z.string().nullable() })) })

/** Gives back the loop devices of files in a folder, which a KIWI that was killed has left attached. */
export async function detachLoops(folder: string): Promise<void> {
  const { stdout } = await run('losetup', ['--list', '--json', '--output', 'NAME,BACK-FILE'], { deadline: 60_000 })
  // It says nothing where there are none.
  if (stdout.trim() === '') return
  for (const { name, 'back-file': file } of listing.parse(JSON.parse(stdout)).loopdevices) {
    if (file?.startsWith(folder + sep) !== true) continue
    await run('partx', ['--delete', name], { okCodes: [0, 1], deadline: 60_000 })
    await run('losetup', ['--detach', name], { deadline: 60_000 })
  }
}

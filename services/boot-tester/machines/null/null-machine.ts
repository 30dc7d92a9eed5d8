import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BootTest } from '../../boot-report.ts'

/** Boots nothing and finds nothing wrong: for trying out everything but images. Its reports say so. */
export const bootNothing: BootTest = async ({ image }, { workFolder }) => {
  const console = join(workFolder, 'console.log')
  await mkdir(workFolder, { recursive: true })
  await writeFile(console, `The null machine has not booted this image (${image.flavour}.${image.architecture}).\n`)
  return {
    checks: [{ name: 'boot', outcome: 'skipped', seconds: 0, detail: 'the null machine boots nothing' }],
    console,
    screenshots: [],
    accelerator: 'none',
    seconds: 0,
    phases: [],
    requests: null,
  }
}

import { writeFile } from 'node:fs/promises'
import type { Engine } from '../../engines/engine.ts'
import { createNullEngine } from '../../engines/null/engine.ts'

interface Paper {
  readonly version: () => string
  /** What happens while an image is built. */
  readonly meanwhile?: () => Promise<void>
}

/** It stands for a tool that installs packages: its images are made of what mkosi's are, and hold nothing. */
export function createPaperEngine({ version, meanwhile }: Paper): Engine {
  const nothing = createNullEngine()
  return {
    ...nothing,
    id: 'paper',
    usesPackages: true,
    isOfPackages: true,
    version: () => Promise.resolve(version()),
    async collect(...given) {
      const built = await nothing.collect(...given)
      await writeFile(built.packages, JSON.stringify({ packages: [{ name: 'cloud-init' }, { name: 'python3' }] }))
      await meanwhile?.()
      return built
    },
  }
}

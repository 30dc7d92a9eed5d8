import { join } from 'node:path'
import type { ScriptedTool } from '../../testing/scripted-tool.ts'

/** mkosi as its own builds were heard: the words of mkosi 24.3, on standard output instead of the other stream. */
export const tool: ScriptedTool = {
  command: 'mkosi',
  run(argv) {
    if (argv.includes('--version')) return { says: ['mkosi 24.3'], mark: { says: [] } }
    if (argv.at(-1) === 'summary') {
      const says = ['IMAGE: default', '    CONFIG:', '  Include: none', '    HOST CONFIGURATION:', '  Proxy URL: none']
      return { says, mark: { says: [] } }
    }
    const output = argv.find((word) => word.startsWith('--output-dir='))?.slice('--output-dir='.length)
    if (output === undefined || argv.at(-1) !== 'build') throw new Error(`mkosi is not called so: ${argv.join(' ')}`)
    if (!argv.some((word) => word.startsWith('--base-tree='))) {
      return {
        says: [
          '‣ Syncing package manager metadata for default image',
          '‣  Installing Debian',
          '‣ Creating tar archive',
        ],
        makes: [{ path: join(output, 'base.tar'), content: 'the base tree' }],
        mark: { says: ['‣ /work/base/base.tar size is 300.1M, consumes 300.1M.'] },
      }
    }
    return {
      says: [
        '‣  Copying in base trees…',
        '‣  Removing files…',
        '‣  Generating disk image',
        '‣  Copying in base trees…',
      ],
      disk: join(output, 'image.raw'),
      makes: [{ path: join(output, 'packages.json'), content: '{"packages":[]}\n' }],
      mark: { says: ['‣ /work/output/image.raw size is 800.0M, consumes 600.2M.'] },
    }
  },
}

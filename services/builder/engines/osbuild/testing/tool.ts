import { join } from 'node:path'
import type { ScriptedTool } from '../../testing/scripted-tool.ts'

/** image-builder as its source has it: the words of version 79 with `--progress debug`. It was not heard at work. */
export const tool: ScriptedTool = {
  command: 'image-builder',
  needsRoot: true,
  run(argv) {
    if (argv[0] === 'version') return { says: ['image-builder:', '  version: "79"'], mark: { says: [] } }
    const option = (name: string) => argv.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
    if (argv[0] !== 'build' || option('--progress') !== 'debug' || !argv.includes('--with-rpmlist')) {
      throw new Error(`image-builder is not called so: ${argv.join(' ')}`)
    }
    const name = join(option('--output-dir'), option('--output-name'))
    const rpm = { name: 'bash', version: '5.3.0', release: '2.fc43', epoch: 0, arch: 'x86_64', buildtime: 1, size: 2 }
    return {
      says: [
        'Start progressbar',
        'pulse: Manifest generation step',
        `msg: Building manifest for ${option('--distro')}-${argv[1] ?? ''}`,
        'pulse: Image building step',
        '[0 / 3] Pipeline build',
        '  [1 / 2] Stage org.osbuild.rpm',
        'msg: Starting module org.osbuild.selinux',
        '[1 / 3] Pipeline os',
        '  [0 / 9] Stage org.osbuild.rpm',
        '[0 / 3] Pipeline build',
        '[2 / 3] Pipeline image',
      ],
      disk: `${name}.raw`,
      makes: [
        { path: `${name}.rpmlist.json`, content: JSON.stringify([rpm]) },
        { path: `${name}.osbuild-manifest.json`, content: '{}' },
        { path: `${name}.buildlog`, content: 'Starting module org.osbuild.rpm\n' },
      ],
      mark: { says: ['Stop progressbar', `Image build successful: ${name}.raw`] },
    }
  },
}

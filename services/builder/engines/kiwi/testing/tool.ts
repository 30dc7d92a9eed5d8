import { join } from 'node:path'
import type { ScriptedTool } from '../../testing/scripted-tool.ts'

/** KIWI as its own builds were heard: the words of KIWI 11.1. */
export const tool: ScriptedTool = {
  command: 'kiwi-ng',
  needsRoot: true,
  run(argv) {
    if (argv.includes('--version')) return { says: ['KIWI (next generation) version 11.1.6'], mark: { says: [] } }
    const output = argv[argv.indexOf('--target-dir') + 1]
    if (output === undefined || !argv.join(' ').includes(' system build --description ')) {
      throw new Error(`KIWI is not called so: ${argv.join(' ')}`)
    }
    const info = (text: string) => `[ INFO    ]: 22:57:52 | ${text}`
    const name = join(output, 'image.x86_64-1.0.0')
    return {
      says: [
        ...['Preparing new root system', 'Installing bootstrap packages'].map(info),
        '[ INFO    ]: Processing: [########                                ] 20%\r[ INFO    ]: Processing: [####',
        ...[
          'Installing system (chroot) for build type: oem',
          'Calling config.sh script',
          'Syncing system to image',
        ].map(info),
        info('Preparing new root system'),
      ],
      disk: `${name}.raw`,
      makes: [{ path: `${name}.packages`, content: 'apt|None|2.6.1|None|amd64|None|None\n' }],
      mark: {
        says: [info('Result files:'), info(`--> disk_image: ${name}.raw`)],
        makes: [{ path: join(output, 'kiwi.result.json'), content: '{}' }],
      },
    }
  },
}

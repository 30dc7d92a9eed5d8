import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineChannel } from '../../../../../../services/announcer/channels/channel.ts'

/** Rings once for each drop: a line in `bell.txt`. */
export const channel = defineChannel({
  settings: {},
  kind: 'place',
  open(_settings, { folder }) {
    const file = join(folder, 'bell.txt')
    return {
      async tell({ drop }) {
        const rung = await readFile(file, 'utf8').catch(() => '')
        if (!rung.split('\n').includes(drop)) await appendFile(file, `${drop}\n`)
        return [{ to: file, id: drop }]
      },
      withdraw: () => Promise.resolve(),
    }
  },
})

import { appendFile } from 'node:fs/promises'
import { z } from 'zod'
import { defineChannel } from '../../../channels/channel.ts'

/** A line for each drop, in a file that people here read. */
export const channel = defineChannel({
  settings: { bulletinFile: z.string().nullable().default(null) },
  kind: 'message',
  open({ bulletinFile: path }, { deliverOnce }) {
    if (path === null) return null
    return {
      async tell({ drop, title, images }, signal) {
        const passed = images.filter((image) => image.passed).length
        const line = `${drop}: ${title}, ${String(passed)} of ${String(images.length)} images passed\n`
        await deliverOnce({ drop }, [path], () => appendFile(path, line), signal)
        return [{ to: path, id: drop }]
      },
      // A line that people have read stays.
      withdraw: () => Promise.resolve(),
      // That it was withdrawn, waits or failed is a line of its own.
      async report(news, signal) {
        await deliverOnce(news, [path], () => appendFile(path, `${news.drop}: ${news.sentence}\n`), signal)
      },
    }
  },
})

import { join } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { gather } from '#subprocess/gather.ts'

/** Where a tool that signs logs, as an option of its run. */
export function logIn(folder: string | null, name: string): { readonly log?: string } {
  return folder === null ? {} : { log: join(folder, name) }
}

/** Gives a text to a tool and takes all that it writes. */
export async function collect(
  text: string,
  runTool: (streams: { readonly input: Readable; readonly output: Writable }) => Promise<unknown>,
): Promise<Buffer> {
  const { output, bytes } = gather()
  await runTool({ input: Readable.from([Buffer.from(text)]), output })
  return bytes()
}

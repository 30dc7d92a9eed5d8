import type { ImageBuilt } from '#events/image-built.ts'
import type { ImageTested } from '#events/image-tested.ts'
import type { Context } from '#service/define.ts'

/** What a boot test found. Files are paths in the job's work folder. */
export interface BootReport extends Pick<ImageTested, 'checks' | 'accelerator' | 'seconds'> {
  readonly console: string
  readonly screenshot: string | null
}

/** Tries an image out: a disk at a path, never written to. Throws when no verdict could be reached. */
export type BootTest = (
  image: Pick<ImageBuilt, 'image' | 'disk'> & { readonly path: string },
  context: Pick<Context, 'signal' | 'progress' | 'workFolder' | 'logFolder' | 'now'>,
) => Promise<BootReport>

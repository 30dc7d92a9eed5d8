/** A process of its own that converts a disk of so many MiB in the folder given, to one format or `all`, and prints how that failed. */
import { quickFormats, setUp } from './set-up.ts'

const [, , folder = '', only, mib] = process.argv
const scene = await setUp({ folder, size: Number(mib) * 1024 * 1024 })
const formats = quickFormats.filter(({ format }) => only === 'all' || format === only)
const error: unknown = await scene.convert({ formats }).catch((thrown: unknown) => thrown)
const { name, message, failureClass } = error as { name?: string; message?: string; failureClass?: string }
console.log(
  JSON.stringify({
    error: { name, message, failureClass },
    drafts: await scene.drafts(),
    kept: await scene.kept(),
  }),
)

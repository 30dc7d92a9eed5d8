/** A process of its own that converts in the folder given, to one format or all, and prints how that failed. */
import { quickFormats, setUp } from './fixture.ts'

const [, , folder = '', only] = process.argv
const shop = await setUp({ folder })
const formats = quickFormats.filter(({ format }) => only === undefined || format === only)
const error: unknown = await shop.convert({ formats }).catch((thrown: unknown) => thrown)
const { name, message, failureClass } = error as { name?: string; message?: string; failureClass?: string }
console.log(
  JSON.stringify({
    error: { name, message, failureClass },
    drafts: await shop.drafts(),
    kept: await shop.kept(),
  }),
)

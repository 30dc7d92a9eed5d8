/** Converts to one format in the folder given, and prints how that failed. Run by a test, on a file system that is too small. */
import { quickFormats, setUp } from './fixture.ts'

const [, , folder = '', format = ''] = process.argv
const shop = await setUp({ folder })
const error: unknown = await shop
  .convert({ formats: quickFormats.filter((plan) => plan.format === format) })
  .catch((thrown: unknown) => thrown)
const told = error instanceof Error ? { ...error, name: error.name, message: error.message } : error
console.log(JSON.stringify({ error: told, drafts: await shop.drafts(), kept: await shop.kept() }))

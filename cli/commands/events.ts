import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { catalogue, jsonSchemas } from '../catalogue.ts'
import { findServices } from '../services.ts'
import { parseOptions, type Command } from '../usage.ts'

export const eventsCommand: Command = {
  name: 'events',
  usage: 'usage: imagedrop events [--json-schema DIR]',
  summary: 'print the event catalogue, or write a JSON Schema file for each event',
  async run(args) {
    const { values } = parseOptions(eventsCommand, args, { 'json-schema': { type: 'string' } })
    const folder = values['json-schema']
    if (folder === undefined) {
      const { definitions } = await findServices(process.env)
      process.stdout.write(catalogue(await definitions()))
      return 0
    }
    await mkdir(folder, { recursive: true })
    for (const [name, schema] of jsonSchemas()) {
      await writeFile(join(folder, name), `${JSON.stringify(schema, null, 2)}\n`)
    }
    process.stdout.write(`${String(jsonSchemas().size)} schemas are in ${folder}\n`)
    return 0
  },
}

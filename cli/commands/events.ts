import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { catalogue, jsonSchemas } from '../catalogue.ts'
import { defineCommand } from '../command.ts'
import { findServices } from '../services.ts'

export const eventsCommand = defineCommand({
  name: 'events',
  summary: 'print the event catalogue, or write a JSON Schema file for each event',
  options: {
    'json-schema': {
      value: 'DIR',
      means: 'write the schemas (JSON Schema, draft 7) into this folder instead, which is made where it is missing',
      otherwise: 'none, the catalogue is printed',
      example: 'schemas',
    },
  },
  examples: ['events', 'events --json-schema schemas'],
  exits: { 0: 'done', 1: 'the folder cannot be written' },
  async run({ values, env }) {
    const folder = values['json-schema']
    if (folder === undefined) {
      const { definitions } = await findServices(env)
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
})

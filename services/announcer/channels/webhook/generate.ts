import { join } from 'node:path'
import { z } from 'zod'
import { webhookBody } from './body.ts'

/** The JSON Schema of what is posted, for those who take it. `npm run docs` writes it; a test holds it to the code. */
export const schemaFile = join(import.meta.dirname, 'body.schema.json')

export function generateSchema(): string {
  const schema = { title: 'What an imagedrop webhook posts', ...z.toJSONSchema(webhookBody, { target: 'draft-7' }) }
  return `${JSON.stringify(schema, null, 2)}\n`
}

import { expect, it } from 'vitest'
import { z } from 'zod'
import { bootTestReport } from './boot-test-report.ts'

it('has a JSON Schema beside it, which `vitest --update` writes anew', async () => {
  const schema = z.toJSONSchema(bootTestReport, { target: 'draft-7' })
  await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot('boot-test-report.schema.json')
})

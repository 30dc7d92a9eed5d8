import { z } from 'zod'
import { passedIf, type GuestCheck, type Judgement } from '../check.ts'

/** The last words of cloud-init, of every release since 0.7. */
export const cloudInitFinished = /Cloud-init v\. \S+ finished at /

const resultFile = z.object({
  v1: z.object({ datasource: z.string().nullable(), errors: z.array(z.string()) }),
})

/** cloud-init did all that it was asked for, with the data that we gave it. */
export const cloudInit: GuestCheck = {
  name: 'cloud-init',
  description: 'cloud-init finished, from the data source of this boot, without error',
  severity: 'error',
  rule: 'cloud-init, "How to determine first boot" and result.json; OpenStack image guide, "Image requirements: Process user data"',
  since: null,
  on: 'guest',
  expects: cloudInitFinished,
  script: 'cat /run/cloud-init/result.json',
  judge: ({ status, output }, { reportedAs }) => {
    if (status !== 0) return { outcome: 'failed', detail: `it left no result: ${output.trim()}` }
    return judgeResult(output, reportedAs)
  },
}

function judgeResult(output: string, reportedAs: RegExp): Judgement {
  const result = resultFile.safeParse(parseJson(output))
  if (!result.success) return { outcome: 'failed', detail: `its result cannot be read: ${output.trim().slice(0, 300)}` }
  const { datasource, errors } = result.data.v1
  if (errors.length > 0) return { outcome: 'failed', detail: errors.join('; ') }
  return passedIf(datasource !== null && reportedAs.test(datasource), `status: done, ${datasource ?? 'no datasource'}`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

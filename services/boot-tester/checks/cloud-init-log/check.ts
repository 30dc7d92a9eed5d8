import { z } from 'zod'
import { passedIfNone, type GuestCheck } from '../check.ts'

const stage = z.object({
  errors: z.array(z.string()).default([]),
  recoverable_errors: z.record(z.string(), z.array(z.string())).default({}),
})
const statusFile = z.object({ v1: z.record(z.string(), z.unknown()) })

/** Where the log begins, in what the script says. */
const logMark = 'cloud-init.log:'

/** People who look into the log find nothing to worry about. */
export const cloudInitLog: GuestCheck = {
  name: 'cloud-init-log',
  description: 'every stage of cloud-init ended without errors, and its log has no warnings',
  severity: 'error',
  rule: 'cloud-init, "Reported status" (errors, recoverable_errors); cloud-init\'s own integration tests, verify_clean_log',
  since: '2026-11-26',
  on: 'guest',
  script: `cat /run/cloud-init/status.json; echo; echo ${logMark}; grep -E '\\[(WARNING|ERROR|CRITICAL)\\]|^Traceback' /var/log/cloud-init.log`,
  judge: ({ output }) => {
    const [status = '', log = ''] = output.split(`\n${logMark}`)
    const stages = stagesIn(status)
    if (stages === null)
      return { outcome: 'failed', detail: `its status cannot be read: ${status.trim().slice(0, 300)}` }
    const lines = log.split('\n').filter((line) => line !== '')
    return passedIfNone([...new Set([...stages, ...lines.map(withoutTime)])], 'no errors and no warnings')
  },
}

/** What went wrong in each stage; null when nobody can tell. */
function stagesIn(text: string): string[] | null {
  const parsed = statusFile.safeParse(jsonOf(text))
  if (!parsed.success) return null
  return Object.entries(parsed.data.v1).flatMap(([name, value]) => {
    const { data } = stage.safeParse(value)
    if (data === undefined) return []
    return [...data.errors, ...Object.values(data.recoverable_errors).flat()].map((error) => `${name}: ${error}`)
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function withoutTime(line: string): string {
  return line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ - /, '')
}

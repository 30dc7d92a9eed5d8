import { z } from 'zod'
import { accelerator, bootRecord, checkResult } from '#events/boot-record.ts'

const fileName = z.string().min(1)
const digest = z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().min(0) })

const boot = bootRecord.omit({ console: true, screenshots: true, requests: true }).extend({
  console: fileName.nullable().describe('The file with its serial console log'),
  requests: fileName.nullable().describe('The file with what the guest asked of its cloud, a JSON object a line'),
  screenshots: z
    .array(bootRecord.shape.screenshots.element.shape.moment)
    .describe('The moments of which there are pictures, in the HTML report'),
})

/** The report of a boot test for programs, `<image>.boot-test.json`. */
export const bootTestReport = z
  .strictObject({
    format: z.literal('imagedrop-boot-test:1'),
    drop: z.string().nullable().describe('Null for an image of no drop'),
    image: z.string().describe('`generic.x86_64`, or the name of a file'),
    verdict: z.enum(['passed', 'failed', 'errored']).describe('`errored`: the tester could not tell'),
    disk: digest.describe('The raw disk that was booted'),
    testedAt: z.iso.datetime(),
    accelerator,
    checks: z.array(checkResult),
    boots: z.array(boot).describe('One entry for each try; none of drops of before they were recorded'),
    notes: z.array(z.string()).describe('What people should do something about though it decided nothing'),
    files: z.array(digest.extend({ name: fileName })).describe('What the test has left, beside this file'),
  })
  .meta({
    title: 'imagedrop boot test report',
    description: 'What the boot test of one image found. Files are beside it.',
  })
export type BootTestReport = z.infer<typeof bootTestReport>

/** Writes a report, the same bytes for the same test. */
export function formatBootTestReport(report: Omit<BootTestReport, 'format'>): string {
  return `${JSON.stringify({ format: 'imagedrop-boot-test:1', ...report } satisfies BootTestReport, null, 2)}\n`
}

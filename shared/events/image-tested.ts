import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'
import { exampleArtifact, exampleBoot, exampleDropImage, exampleImageContext } from './examples.ts'
import {
  accelerator,
  artifactRef,
  bootRecords,
  checkResult,
  imageContext,
  imageEvidence,
  verdict,
} from './vocabulary.ts'

export const imageTested = defineEvent({
  subject: 'image.tested.v1',
  means: 'the verdict, every check, console log, screenshot',
  schema: z.strictObject({
    ...imageContext,
    disk: artifactRef.describe('The raw disk that was booted'),
    verdict,
    checks: z.array(checkResult).min(1),
    console: artifactRef.describe('Serial console log; of several boots, of the one that decided'),
    screenshot: artifactRef.nullable().describe('How that boot ended'),
    accelerator,
    seconds: z.number().min(0).describe('All boots together'),
    boots: bootRecords.optional(),
    notes: imageEvidence.shape.notes,
    reports: imageEvidence.shape.reports,
  }),
  example: {
    ...exampleImageContext,
    disk: exampleArtifact('raw'),
    verdict: 'passed' as const,
    checks: exampleDropImage.checks,
    console: exampleArtifact('log'),
    screenshot: exampleArtifact('png'),
    accelerator: 'kvm' as const,
    seconds: 74.1,
    boots: [exampleBoot],
    notes: [],
    reports: [exampleArtifact('html'), exampleArtifact('junit.xml')],
  },
  summary:
    '{image.flavour}.{image.architecture} of {drop} {verdict} its boot test{ (checks[outcome=failed!waived]: {name})}',
  isFailure: (body) => body.verdict === 'failed',
})
export type ImageTested = BodyOf<typeof imageTested>

import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'

/**
 * What Koji says when a task goes on (koji_fedoramessaging.task.TaskStateChangeV1, koji-fedoramessaging-messages).
 * Keys that we do not need are let through.
 */
export const kojiTaskChanged = defineEvent({
  subject: 'buildsys.task.state.change',
  outside: 'koji',
  means: 'a Koji task changed its state; also of scratch builds',
  schema: z.looseObject({
    id: z.int().describe('The task'),
    method: z.string().describe('image, createImage, livemedia, build, …'),
    attribute: z.string().describe('state'),
    old: z.string().nullable(),
    new: z.string().describe('FREE, OPEN, CLOSED, CANCELED, ASSIGNED, FAILED'),
    owner: z.string().nullish(),
    instance: z.string().nullish().describe('primary, or the name of another hub'),
    srpm: z.string().nullish(),
    info: z.looseObject({}).optional(),
  }),
  example: {
    id: 6_380_373,
    method: 'image',
    attribute: 'state',
    old: 'FREE',
    new: 'OPEN',
    owner: 'ralph',
    instance: 'primary',
    info: { id: 6_380_373, method: 'image', result: null },
  },
  summary: 'the Koji task {id} ({method}) is {new}',
})
export type KojiTaskChanged = BodyOf<typeof kojiTaskChanged>

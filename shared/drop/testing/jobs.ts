import { imageRequested } from '#events/image-requested.ts'
import { say } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import type { Job } from '#ledger/ledger.ts'
import { drop } from './drop-events.ts'

const start = Date.UTC(2026, 6, 11)
let id = 0

/** A job on the drop of `drop-events.ts`; times in seconds. */
export function jobOn(
  service: string,
  image: string | null,
  {
    state = 'done',
    from = 0,
    to = null,
    error = null,
    waiting = null,
    subject = 'image.requested.v1',
  }: Partial<JobFacts> = {},
): Job {
  const envelope = seal(say(imageRequested, imageRequested.example), { now: new Date(start) })
  return {
    id: (id += 1),
    service,
    envelope: { ...envelope, subject, drop },
    state,
    attempts: 1,
    owner: null,
    host: null,
    needs: {},
    expected: null,
    error,
    drop,
    image,
    acceptedAt: new Date(start),
    startedAt: from === null ? null : atSecond(from),
    finishedAt: to === null ? null : atSecond(to),
    cancelRequested: false,
    waiting,
    waited: null,
  }
}

interface JobFacts {
  readonly state: Job['state']
  readonly from: number | null
  readonly to: number | null
  readonly error: string | null
  readonly waiting: Job['waiting']
  readonly subject: string
}

/** A second of the jobs' day. */
export function atSecond(second: number): Date {
  return new Date(start + second * 1000)
}

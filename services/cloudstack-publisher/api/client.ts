import type { z } from 'zod'
import { describeIssues } from '#events/parse.ts'
import type { Send } from '#publishing/http.ts'
import { pollUntil, type Pace } from '#publishing/wait.ts'
import { PermanentError } from '#service/errors.ts'
import { failureOf } from './failure.ts'
import { encodeField, sign, type Account } from './sign.ts'
import { jobReply, startedJob } from './schemas.ts'

/** One account at one cloud, ready to be asked. */
export interface Client {
  /** How people know the cloud and its zone. */
  readonly place: string
  /** Gives a command, and what it answers below its one top key. */
  ask<Shape extends z.ZodType>(
    command: string,
    fields: Readonly<Record<string, string>>,
    shape: Shape,
    signal: AbortSignal,
  ): Promise<z.infer<Shape>>
  /** Gives a command that the cloud carries out later, and waits until it has. */
  askAndWait(command: string, fields: Readonly<Record<string, string>>, pace: Pace): Promise<void>
}

interface ClientOptions {
  readonly place: string
  readonly endpoint: string
  readonly account: Account
  readonly send: Send
  readonly now: () => Date
}

/** Commands go by POST: newer clouds take those that change something by nothing else, and addresses end up in logs. */
export function createClient({ place, endpoint, account, send, now }: ClientOptions): Client {
  const client: Client = {
    place,
    async ask(command, fields, shape, signal) {
      const signed = sign({ ...fields, command }, account, now())
      const body = Object.entries(signed)
        .map(([name, value]) => `${encodeField(name)}=${encodeField(value)}`)
        .join('&')
      const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
      const reply = await send({ method: 'POST', url: endpoint, headers, body }, signal)
      const doing = `${place}: ${command}`
      if (reply.status !== 200) throw failureOf(doing, reply)
      const value = belowTopKey(reply.text)
      const parsed = shape.safeParse(value)
      if (parsed.success) return parsed.data
      throw new PermanentError('refused', `${doing} gave what is no answer: ${describeIssues(parsed.error, value)}`)
    },
    async askAndWait(command, fields, pace) {
      const { jobid } = await client.ask(command, fields, startedJob, pace.signal)
      const { jobresult } = await pollUntil(
        `${place}: ${command}`,
        async () => {
          const job = await client.ask('queryAsyncJobResult', { jobid }, jobReply, pace.signal)
          return job.jobstatus === 0 ? null : job
        },
        pace,
      )
      if (jobresult.errorcode !== undefined)
        throw failureOf(`${place}: ${command}`, {
          status: jobresult.errorcode,
          text: JSON.stringify(jobresult),
        })
    },
  }
  return client
}

function belowTopKey(text: string): unknown {
  try {
    return Object.values(JSON.parse(text) as object)[0]
  } catch {
    return null
  }
}

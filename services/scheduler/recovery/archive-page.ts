import { z } from 'zod'
import { describeIssues } from '#events/parse.ts'
import { messageOf } from '#service/errors.ts'

/** One request to an archive of messages, in datagrepper's words; times in seconds. */
export interface PageRequest {
  readonly url: string
  readonly topics: readonly string[]
  readonly start: number
  readonly end: number
  /** From 1 on. */
  readonly page: number
}

interface Bounds {
  readonly deadline: number
  readonly maxBytes: number
}

const page = z.object({ raw_messages: z.array(z.record(z.string(), z.unknown())), pages: z.int().min(0) })
/** Messages of a stretch of time, oldest first, and how many pages there are of them. */
export type Page = z.infer<typeof page>

/** More are refused. */
const rowsPerPage = 100

/** Asks an archive for one page. Throws an Error that names the request and what is wrong with the answer. */
export async function fetchPage(request: PageRequest, { deadline, maxBytes }: Bounds, signal: AbortSignal) {
  const url = urlOf(request)
  try {
    const response = await fetch(url, {
      // Without it the answer is a page for people.
      headers: { accept: 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadline)]),
    })
    const text = await textOf(response, maxBytes)
    if (!response.ok) throw new Error(`HTTP ${String(response.status)}: ${text.slice(0, 200)}`)
    return parsePage(text)
  } catch (error) {
    signal.throwIfAborted()
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : ''
    throw new Error(`the message archive ${url}: ${messageOf(error)}${cause}`, { cause: error })
  }
}

function urlOf({ url, topics, start, end, page }: PageRequest): string {
  const full = new URL(url)
  for (const topic of topics) full.searchParams.append('topic', topic)
  const fields = { start, end, page, rows_per_page: rowsPerPage, order: 'asc' }
  for (const [name, value] of Object.entries(fields)) full.searchParams.set(name, String(value))
  return full.href
}

async function textOf(response: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > maxBytes) throw new Error(`larger than ${String(maxBytes)} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function parsePage(text: string): Page {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw new Error(`not JSON: ${text.slice(0, 80)}`, { cause: error })
  }
  const parsed = page.safeParse(content)
  if (!parsed.success) throw new Error(describeIssues(parsed.error, content))
  return parsed.data
}

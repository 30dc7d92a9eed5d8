import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A message as an archive keeps it: in either envelope, with the time by which it is found. */
export interface Archived {
  readonly topic: string
  /** Seconds. */
  readonly at: number
  readonly envelope: Readonly<Record<string, unknown>>
}

/** Answers as datagrepper's `/raw` does: JSON only to those who ask for it, 100 rows at most, newest first unless told. */
export async function startArchive(rows = 100) {
  const messages: Archived[] = []
  const asked: URLSearchParams[] = []
  const troubles: ((response: ServerResponse) => void)[] = []
  const server = createServer((request, response) => {
    const { searchParams: query } = new URL(request.url ?? '/', 'http://archive')
    asked.push(query)
    const trouble = troubles.shift()
    if (trouble) return trouble(response)
    if (request.headers.accept !== 'application/json') return answerPage(response)
    if (Number(query.get('rows_per_page') ?? 25) > 100)
      return answer(response, 500, { error: 'rows_per_page must be <= 100' })
    answer(response, 200, select(query))
  })

  function select(query: URLSearchParams) {
    const topics = query.getAll('topic')
    const number = (name: string, otherwise: number) => Number(query.get(name) ?? otherwise)
    const found = messages
      .filter(({ topic }) => topics.includes(topic))
      .filter(({ at }) => at >= number('start', 0) && at <= number('end', Infinity))
      .toSorted((one, other) => (query.get('order') === 'asc' ? one.at - other.at : other.at - one.at))
    const size = Math.min(rows, number('rows_per_page', 25))
    const page = found.slice((number('page', 1) - 1) * size, number('page', 1) * size)
    return {
      raw_messages: page.map(({ envelope }) => envelope),
      total: found.length,
      pages: Math.ceil(found.length / size),
      count: page.length,
      arguments: {},
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/raw`,
    messages,
    asked,
    /** What the next requests meet with instead of an answer. */
    troubles,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answer(response: ServerResponse, status: number, content: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content))
}

function answerPage(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>datagrepper</title>')
}

import type { Instance } from '../datasource.ts'
import type { Answer, Answers, Question } from '../http/answer.ts'
import { serveAnswers } from '../http/serve-answers.ts'
import { newInstance } from '../instance.ts'

/** An instance as any. */
export const exampleInstance: Instance = newInstance({ nonce: 'c0ffee', publicKey: 'ssh-ed25519 AAAA boot-test' })

/** Asks a service without its network: `GET /path?query`, with headers in lower case. */
export function ask(answers: Answers, line: string, changes: Partial<Question> = {}): Answer {
  const [method = '', url = ''] = line.split(' ')
  const { pathname, searchParams } = new URL(url, 'http://metadata')
  return answers({ method, path: pathname, query: searchParams, headers: {}, body: '', at: new Date(0), ...changes })
}

/** Serves a service on a free local port, as clients of others want it. */
export async function serveLocally(answers: Answers) {
  const asked: string[] = []
  const served = await serveAnswers({
    answers,
    listen: { host: '127.0.0.1', port: 0 },
    at: '',
    onRequest: ({ method, url, status }) => asked.push(`${method} ${url} ${String(status)}`),
  })
  return {
    place: `127.0.0.1:${String(served.port)}`,
    asked,
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  }
}

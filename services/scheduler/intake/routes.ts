import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TakeIn, Voice } from '#service/host.ts'
import { readComposeBody } from '../compose/compose-event.ts'
import { judge, type Rules } from '../compose/judge.ts'
import { readNotice } from '../compose/notice.ts'
import { Refused } from '../compose/refused.ts'
import { readComposeMessage } from './read-message.ts'
import { seedOf } from './seed.ts'

/** Far more than any compose message has. */
const bodyLimit = 256 * 1024

export interface IntakeOptions extends Rules {
  /** By name: who hands a message in is whom the token was given to. */
  readonly tokens: ReadonlyMap<string, string>
  readonly now: () => Date
}

/** Adds `POST /composes`: takes in a compose message, and answers at once when it cannot be right. */
export function createRoutes(options: IntakeOptions): (app: FastifyInstance, voice: Pick<Voice, 'takeIn'>) => void {
  return (app, { takeIn }) => {
    void app.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit }, (_request, text, parsed) => {
        parsed(null, text)
      })
      scope.setErrorHandler(answerError)
      scope.addHook('onRequest', async (request, reply) => {
        if (senderOf(request, options.tokens) === null) {
          await reply.code(401).header('www-authenticate', 'Bearer').send({ message: 'a bearer token is needed' })
        }
      })
      scope.post('/composes', async (request, reply) => {
        const text = typeof request.body === 'string' ? request.body : ''
        const sender = senderOf(request, options.tokens) ?? ''
        return await reply.code(202).send({ id: await accept(text, sender, { ...options, takeIn }) })
      })
      done()
    })
  }
}

/** What will be ignored is taken in too. A message that has an id of its own is said once, however often it is handed in. */
async function accept(
  text: string,
  sender: string,
  { takeIn, ...options }: IntakeOptions & { readonly takeIn: TakeIn },
): Promise<string> {
  const { topic, message, id } = readComposeMessage(text)
  const event = readComposeBody(topic, message)
  judge(readNotice(event, options.now()), options)
  return await takeIn(event, { sender, ...(id === null ? {} : { seed: seedOf(topic, id) }) })
}

async function answerError(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (error instanceof Refused) {
    const { field, value, message } = error
    await reply.code(400).send({ field, value, message })
    return
  }
  const status = error.statusCode ?? 500
  await reply.code(status).send({ message: status < 500 ? error.message : 'the message could not be taken in' })
}

function bearerOf({ headers }: FastifyRequest): string {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}

/** Whose token came along; null when it is nobody's. Compared by digest, so that the time tells nothing about a token. */
function senderOf(request: FastifyRequest, tokens: ReadonlyMap<string, string>): string | null {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  const given = digest(bearerOf(request))
  return [...tokens].find(([, token]) => timingSafeEqual(given, digest(token)))?.[0] ?? null
}

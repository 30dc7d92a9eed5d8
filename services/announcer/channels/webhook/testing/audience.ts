import { Webhook } from 'standardwebhooks'
import { kinds } from '../../../story/news.ts'
import type { OpenAudience } from '../../../testing/audience.ts'
import { openHttpServer, type Request } from '../../../testing/http-server.ts'
import { writeSettings } from '../../../testing/settings-folder.ts'
import { webhookBody } from '../body.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/** A program that takes what is posted to it, when it is signed. */
export const openAudience: OpenAudience = async () => {
  const server = await openHttpServer(() => ({ status: 204 }))
  const endpoints = { program: { url: `${server.url}/hook`, secretFile: 'secret', tells: kinds } }
  const settings = await writeSettings({ endpoints }, { secret })
  return {
    chose: kinds,
    env: { IMAGEDROP_ANNOUNCER_WEBHOOK_FILE: settings.file },
    heard(drop) {
      const taken = server.heard.map(verify).filter(({ data }) => data.drop === drop)
      return Promise.resolve(taken.map((body) => ({ text: textsOf(body).join('\n'), frame: namesOf(body) })))
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await settings[Symbol.asyncDispose]()
    },
  }
}

/** As a receiver in JavaScript does it. */
function verify({ headers, body }: Request) {
  return webhookBody.parse(new Webhook(secret).verify(body, headers as Record<string, string>))
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

function namesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [typeof value]
  return Object.entries(value).flatMap(([name, one]) => namesOf(one).map((below) => `${name}.${below}`))
}

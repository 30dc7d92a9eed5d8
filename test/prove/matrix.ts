// Proves that the Matrix channel tells a room of Synapse once, whatever is killed in between.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { provideSynapse } from '../brokers/synapse.ts'
import { debianDrop } from '../../services/announcer/testing/drops.ts'
import { imageFailing, published, superseded } from '../../services/announcer/testing/news.ts'
import { openAnnouncer, ownChannels } from '../../services/announcer/testing/open-announcer.ts'
import { writeSettings } from '../../services/announcer/testing/settings-folder.ts'

/** Tells a room, forgets that it did, and tells it again. */
export async function prove(): Promise<boolean> {
  const begun = performance.now()
  const say = (text: string) => {
    console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(4)} s  ${text}`)
  }
  await using synapse = await provideSynapse()
  say('Synapse answers')
  const people = await registerAt(synapse.url, 'people')
  const imagedrop = await registerAt(synapse.url, 'imagedrop')
  const { room_id: room } = await people('POST', 'createRoom', { preset: 'public_chat', room_alias_name: 'cloud' })
  const rooms = { '#cloud:example.org': { tells: ['published', 'failed', 'withdrawn'] } }
  await using settings = await writeSettings(
    { server: synapse.url, tokenFile: 'token', rooms },
    { token: imagedrop.token },
  )
  const state = await mkdtemp(join(tmpdir(), 'prove-matrix-'))
  try {
    const env = {
      IMAGEDROP_ANNOUNCER_MATRIX_FILE: settings.file,
      IMAGEDROP_ANNOUNCER_PAGE_URL: 'https://cloud.example.org',
    }
    const body = debianDrop()
    const failed = imageFailing(body, '<b>no package</b> named @room')
    for (let time = 0; time < 2; time += 1) {
      await using announcer = await openAnnouncer({ env, state, roots: [ownChannels] })
      await announcer.hear(failed)
      await announcer.hear(published(body))
      // As if the process had been killed after the server took the message, and before that was noted.
      await rm(join(state, 'announcer', 'deliveries'), { recursive: true })
    }
    await using announcer = await openAnnouncer({ env, state, roots: [ownChannels] })
    await announcer.hear(superseded(body, 'somebody'))
    const { chunk } = await people('GET', `rooms/${encodeURIComponent(String(room))}/messages?dir=f&limit=100`)
    const told = (chunk as { type: string; content: { body: string } }[])
      .filter(({ type }) => type === 'm.room.message')
      .map(({ content }) => content.body)
    for (const text of told) say(text)
    const wanted = [
      /<b>no package<\/b> named @room$/,
      /4 of 4 images passed https:/,
      /is superseded by somebody https:/,
    ]
    return told.length === wanted.length && wanted.every((pattern, index) => pattern.test(told[index] ?? ''))
  } finally {
    await rm(state, { recursive: true })
  }
}

/** Registers somebody, who then calls the server by what is returned. */
async function registerAt(url: string, username: string) {
  const call = async (method: string, path: string, body?: unknown, token = '') => {
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
    const answer = await fetch(`${url}/_matrix/client/v3/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${await answer.text()}`)
    return (await answer.json()) as Record<string, unknown>
  }
  const password = crypto.randomUUID()
  const { access_token: token } = await call('POST', 'register', {
    username,
    password,
    auth: { type: 'm.login.dummy' },
  })
  const known = String(token)
  return Object.assign((method: string, path: string, body?: unknown) => call(method, path, body, known), {
    token: known,
  })
}

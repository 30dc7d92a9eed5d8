import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ToolFailed } from '#subprocess/errors.ts'
import { run } from '#subprocess/run.ts'

const command = join(import.meta.dirname, '../main.ts')

describe('imagedrop drop --compose', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drop-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  const compose = {
    compose_id: 'Fedora-43-20251024.n.0',
    status: 'FINISHED',
    location: 'https://kojipkgs.fedoraproject.org/compose/branched/Fedora-43-20251024.n.0/compose',
  }
  it.each<[string, string | object, string]>([
    ['text that is not JSON', 'hello', 'the message is not JSON'],
    ['another topic', { topic: 'buildsys.tag', body: {} }, 'topic: expected pungi.compose.status.change'],
    ['a missing field', { ...compose, status: undefined }, 'status: '],
    ['a compose id that is none', { ...compose, compose_id: 'Fedora' }, 'compose_id: expected a compose id as'],
    ['a branch that is none', { branch: 'f19' }, 'branch: expected rawhide or a release number, got "f19"'],
    [
      'a branch that is none, in an envelope',
      { topic: 'org.fedoraproject.prod.compose.branched.complete', msg: { branch: 'f19' } },
      'branch: expected rawhide or a release number, got "f19"',
    ],
    ['a place elsewhere', { ...compose, location: '/etc' }, 'location: it is not under an allowed location'],
    ['a compose that has only started', { ...compose, status: 'STARTED' }, 'has the status STARTED'],
    ['an image that there is not', compose, 'images: expected images of Fedora-43-20251024.n.0, which are'],
  ])('answers %s at once, and starts nothing', async (_what, content, reason) => {
    const message = join(folder, 'message.json')
    const state = join(folder, 'state')
    await writeFile(message, typeof content === 'string' ? content : JSON.stringify(content))
    const args = [command, 'drop', '--compose', message, '--state', state, '--images', 'azure.x86_64']
    const end = await run(process.execPath, args).catch((error: unknown) => error)
    expect(end).toBeInstanceOf(ToolFailed)
    expect(end).toMatchObject({ end: { why: 'exit', code: 2 }, message: expect.stringContaining(reason) as string })
    expect(existsSync(state)).toBe(false)
  })
})

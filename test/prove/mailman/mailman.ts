import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#subprocess/run.ts'
import { providePythonEnvironment } from '#test/brokers/python-venv.ts'
import { provideServer, type Place, type Server } from '#test/brokers/server.ts'
import { greet, isEmpty } from '../../../services/announcer/channels/mail/testing/postfix.ts'

/** Mailman 3 with one list that anybody may post to, and no members: its archive is what counts. */
export interface Mailman extends Server {
  readonly list: string
  /** All posts in the archive, as it keeps them. */
  posts(): Promise<Buffer[]>
  /** Whether all posts that it took are in the archive. */
  isIdle(): Promise<boolean>
}

const list = 'cloud@lists.example.org'
const versions = ['mailman==3.3.10']

/** Runs Mailman's core with what a post passes through: LMTP, the rules, the pipeline, the archiver. */
export async function provideMailman(): Promise<Mailman> {
  const bin = await providePythonEnvironment('mailman', versions)
  const server = await provideServer({
    name: 'Mailman',
    urlVariable: 'IMAGEDROP_TEST_NO_URL',
    program: 'master',
    folders: [bin],
    prepare: (place) => prepare(place, bin),
    command: ({ folder }) => ({ command: join(bin, 'master'), args: ['-C', join(folder, 'mailman.cfg')] }),
    url: ({ port }) => `lmtp://127.0.0.1:${String(port)}`,
    ask: greet,
  })
  const archive = join(server.place.folder, 'var/archives/prototype', list, 'new')
  return {
    ...server,
    list,
    // What a runner works on is a file of another ending in its folder.
    isIdle: () => isEmpty(join(server.place.folder, 'var/queue'), ['in', 'pipeline', 'archive', 'shunt']),
    async posts() {
      const names = await readdir(archive).catch((): string[] => [])
      return await Promise.all(names.toSorted().map((name) => readFile(join(archive, name))))
    },
  }
}

const idle = ['rest', 'nntp', 'bounces', 'command', 'digest', 'retry', 'virgin', 'out', 'task']

async function prepare({ folder, port }: Place, bin: string): Promise<void> {
  await mkdir(join(folder, 'var'))
  const lines = [
    '[mailman]',
    'site_owner: owner@example.org',
    'layout: here',
    '[paths.here]',
    `var_dir: ${join(folder, 'var')}`,
    '[mta]',
    'incoming: mailman.mta.null.NullMTA',
    'lmtp_host: 127.0.0.1',
    `lmtp_port: ${String(port)}`,
    '[archiver.prototype]',
    'enable: yes',
    ...idle.flatMap((runner) => [`[runner.${runner}]`, 'start: no']),
  ]
  await writeFile(join(folder, 'mailman.cfg'), `${lines.join('\n')}\n`)
  await run(join(bin, 'python3'), ['-c', makeList, join(folder, 'mailman.cfg'), list])
}

const makeList = `
import sys
from mailman.core.initialize import initialize
initialize(sys.argv[1])
from mailman.app.lifecycle import create_list
from mailman.database.transaction import transaction
from mailman.interfaces.action import Action
from mailman.interfaces.domain import IDomainManager
from zope.component import getUtility
with transaction():
    getUtility(IDomainManager).add(sys.argv[2].split('@')[1])
    one = create_list(sys.argv[2], ['owner@example.org'])
    one.default_nonmember_action = Action.accept
    one.subject_prefix = ''
`

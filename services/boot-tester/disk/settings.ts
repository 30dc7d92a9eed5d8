import { posix } from 'node:path'
import type { Tree } from '#image/tree.ts'
import type { Expectations } from '../expectations/expectations.ts'
import { linesOf } from './below.ts'

/** How a system is set up, in the words in which it is expected: where it starts to, its time zone, language and journal. */
export async function readSettings(tree: Tree): Promise<Expectations['settings']> {
  return {
    'default target': defaultTarget(tree),
    'time zone': timeZone(tree),
    language: await language(tree),
    journal: await journal(tree),
  }
}

function defaultTarget(tree: Tree): string {
  for (const folder of ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system']) {
    const target = tree.entries.get(`${folder}/default.target`)?.target
    if (target != null) return posix.basename(target)
  }
  return 'none'
}

function timeZone(tree: Tree): string {
  const target = tree.entries.get('/etc/localtime')?.target
  // Without a link, systemd takes UTC.
  const name = target == null ? 'UTC' : target.replace(/^.*\/zoneinfo\//, '')
  return /^(Etc\/)?(UTC|UCT|Universal|Zulu)$/.test(name) ? 'Etc/UTC' : name
}

async function language(tree: Tree): Promise<string> {
  const lines = [...(await linesOf(tree, '/etc/locale.conf')), ...(await linesOf(tree, '/etc/default/locale'))]
  return lines.map((line) => /^LANG="?([^"]*)"?$/.exec(line)?.[1]).findLast((value) => value !== undefined) ?? 'not set'
}

async function journal(tree: Tree): Promise<Expectations['settings']['journal']> {
  const files = [
    '/etc/systemd/journald.conf',
    ...tree.names('/etc/systemd/journald.conf.d').map((name) => `/etc/systemd/journald.conf.d/${name}`),
  ]
  const texts = await Promise.all(files.map((file) => tree.text(file)))
  const storage = /^Storage=(\w+)$/im.exec(texts.filter((text) => text !== null).join('\n'))?.[1]?.toLowerCase()
  if (storage === 'persistent') return 'kept'
  if (storage === 'volatile' || storage === 'none') return 'in memory'
  return tree.find('/var/log/journal') === null ? 'in memory' : 'kept'
}

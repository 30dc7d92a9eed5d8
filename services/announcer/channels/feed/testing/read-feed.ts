import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** A feed as a program reads it; title, summary and content are markup. */
export interface ReadFeed {
  readonly elements: readonly string[]
  readonly entries: readonly Readonly<Record<'id' | 'title' | 'summary' | 'content', string>>[]
}

const program = `
import json, sys, xml.dom.minidom
feed = xml.dom.minidom.parse(sys.argv[1])
names = ['id', 'title', 'summary', 'content']
text = lambda entry, name: entry.getElementsByTagName(name)[0].firstChild.data
json.dump({
    'elements': [element.tagName for element in feed.getElementsByTagName('*')],
    'entries': [{name: text(entry, name) for name in names} for entry in feed.getElementsByTagName('entry')],
}, sys.stdout)`

/** Reads a feed by a strict parser; fails where it is not well-formed. */
export async function readFeed(path: string): Promise<ReadFeed> {
  const { stdout } = await promisify(execFile)('python3', ['-c', program, path], { maxBuffer: 2 ** 26 })
  return JSON.parse(stdout) as ReadFeed
}

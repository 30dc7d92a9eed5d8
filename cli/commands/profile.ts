import { writeFile } from 'node:fs/promises'
import { defineCommand } from '../command.ts'
import { stateOption } from '../options.ts'
import { profileDrop } from '../profile/profile.ts'
import { drawProfile } from '../profile/svg.ts'
import { renderProfile } from '../profile/text.ts'
import { openLedgerToAsk, stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'

export const profileCommand = defineCommand({
  name: 'profile',
  summary: 'show what ran when in a drop, what waited, and what would have to be faster',
  argument: { name: 'DROP', means: 'the drop, by its name as `imagedrop status` lists it' },
  options: {
    all: { means: 'show also the jobs that are too short to be seen in a bar' },
    json: { means: 'print one JSON document with all jobs, services and the critical path' },
    svg: {
      value: 'FILE',
      means: 'write a picture of all jobs to this file as well',
      otherwise: 'no picture',
      example: 'profile.svg',
    },
    state: stateOption,
  },
  examples: ['profile weekly-Debian-12-20261121.n.0', 'profile weekly-Debian-12-20261121.n.0 --svg profile.svg'],
  exits: { 0: 'shown', 1: 'the ledger could not be read, or the file not be written' },
  async run({ values: { all, json, svg, state }, args: [drop = ''], env }) {
    await using ledger = await openLedgerToAsk(stateFolderOf(state, env), env)
    const profile = await profileDrop(ledger, drop, new Date())
    if (!profile) throw new UsageError(`there is no drop ${JSON.stringify(drop)}; \`imagedrop status\` lists them`)
    if (svg !== undefined) await writeFile(svg, drawProfile(profile))
    const width = process.stdout.columns || 120
    process.stdout.write(`${json ? JSON.stringify(profile) : renderProfile(profile, { width, all }).join('\n')}\n`)
    return 0
  },
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '#service/errors.ts'
import { checkDisk } from '../../services/boot-tester/check-disk.ts'
import type { DiskCheck } from '../../services/boot-tester/checks/check.ts'
import { diskChecks } from '../../services/boot-tester/checks/index.ts'
import { readAllowances } from '../../services/boot-tester/reference/allowances.ts'
import { createReferenceCheck } from '../../services/boot-tester/reference/check.ts'
import type { ReferenceComparison } from '../../services/boot-tester/reference/compare.ts'
import { readReference } from '../../services/boot-tester/reference/reference.ts'
import { defineCommand } from '../command.ts'
import { findImage, type FindImageOptions } from '../find-image.ts'
import { stateOption } from '../options.ts'
import { waitForEnd } from '../signals.ts'
import { stateFolderOf } from '../stack.ts'
import { UsageError } from '../usage.ts'
import { renderDiskChecks, type DiskVerdict, type ReferenceVerdict } from '../view/disk-checks.ts'
import { safeText } from '../view/safe-text.ts'

export const checkCommand = defineCommand({
  name: 'check',
  summary: 'check an image before it boots: partitions, boot loader, packages, rights, what is left of the build',
  argument: {
    name: 'IMAGE',
    means: 'a disk (raw, qcow2, VHD, raw.xz), or an image of a drop by its name: DROP/generic.x86_64',
  },
  options: {
    'earlier-bytes': {
      value: 'BYTES',
      means: 'the size of the disk of an earlier image of its kind, to which its own is held',
      otherwise: 'its size is not judged',
      example: '537886720',
      read: readBytes,
    },
    reference: {
      value: 'NAME',
      means:
        'compare it also with a system that was recorded: debian-12, fedora-43, or a file as those in services/boot-tester/reference/systems',
      otherwise: 'it is not compared',
      example: 'debian-12',
    },
    json: { means: 'print one JSON document: every check, with what it proves and the rule it comes from' },
    state: stateOption,
  },
  examples: [
    'check image.qcow2',
    'check image.qcow2 --reference debian-12',
    'check weekly-Debian-12-20261121.n.0/generic.x86_64',
  ],
  exits: {
    0: 'no check failed, but for those that only warn',
    1: 'a check failed, and what it found is said',
    3: 'the image could not be read, and why is said',
  },
  async run({ values: { 'earlier-bytes': earlierBytes, reference, json, state }, args: [name = ''], env }) {
    try {
      const found = await check(name, {
        stateFolder: stateFolderOf(state, env),
        env,
        earlierBytes: earlierBytes ?? null,
        reference: reference ?? null,
      })
      process.stdout.write(json ? `${JSON.stringify(found)}\n` : `${renderDiskChecks(found).join('\n')}\n`)
      return found.verdict === 'passed' ? 0 : 1
    } catch (error) {
      if (error instanceof UsageError) throw error
      process.stderr.write(`imagedrop: ${safeText(messageOf(error))}\n`)
      return 3
    }
  },
})

interface CheckOptions extends FindImageOptions {
  readonly earlierBytes: number | null
  readonly reference: string | null
}

async function check(
  name: string,
  { earlierBytes, reference: referenceName, ...finding }: CheckOptions,
): Promise<DiskVerdict> {
  const image = await findImage(name, finding)
  const reference = referenceName === null ? null : await openReference(referenceName)
  const asked = reference === null ? diskChecks : [...diskChecks, reference.check]
  const ending = new AbortController()
  void waitForEnd().then((signal) => {
    ending.abort(new Error(`stopped by ${signal}`))
  })
  const scratch = await mkdtemp(join(tmpdir(), 'imagedrop-check-'))
  try {
    const results = await checkDisk(image.path, { scratch, earlierBytes, signal: ending.signal, checks: asked })
    const checks = results.map(({ name, outcome, detail }) => {
      const { severity = 'error', description = '', rule = '' } = asked.find((one) => one.name === name) ?? {}
      return { name, outcome, severity, detail, description, rule }
    })
    const isBroken = checks.some(({ outcome, severity }) => outcome === 'failed' && severity === 'error')
    return {
      image: image.name,
      verdict: isBroken ? 'failed' : 'passed',
      checks,
      ...(reference && { reference: reference.found() }),
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** The check that holds an image to a reference, and what it found when it has been asked. */
async function openReference(
  name: string,
): Promise<{ readonly check: DiskCheck; readonly found: () => ReferenceVerdict }> {
  const reference = await readReference(name)
  if (reference === null) throw new UsageError(`there is no reference ${JSON.stringify(name)}`)
  const { system, title, made, knows } = reference
  let found: ReferenceVerdict = { system, title, made, knows, compared: null }
  const onCompared = (compared: ReferenceComparison) => {
    found = { ...found, compared }
  }
  const allowances = await readAllowances(system)
  return { check: createReferenceCheck({ reference, allowances, onCompared }), found: () => found }
}

function readBytes(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new Error(`${JSON.stringify(text)} is no number of bytes`)
}

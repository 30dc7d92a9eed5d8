import { join } from 'node:path'
import type { BuildPlan, BuildRequest, EngineFolders } from '../engine.ts'
import { ozOrder } from '../installer/tdl.ts'

/** Our own small program that uses ImageFactory. */
export const shim = join(import.meta.dirname, 'shim.py')

/** One base image by ImageFactory, which has Oz make it. */
export function planImagefactory(request: BuildRequest, { work }: EngineFolders, deadline: number): BuildPlan {
  const order = ozOrder(request)
  const at = (...path: string[]) => join(work, ...path)
  const disk = at('output', 'image.raw')
  const told = {
    work,
    template: at('image.tdl'),
    answers: at(order.answers.file),
    identifier: identifierFile(work),
    disk,
    machine: at('output', 'guest.xml'),
    // Seconds; its own end comes first, for it takes a picture of the screen.
    timeout: Math.max(60, Math.floor(deadline / 1000) - 60),
  }
  return {
    files: [
      { path: told.template, content: order.template },
      { path: told.answers, content: order.answers.text },
      { path: at('order.json'), content: `${JSON.stringify(told, null, 2)}\n`, isOfHost: true },
    ],
    commands: [{ name: 'image', argv: ['python3', shim, at('order.json')] }],
    disk,
    packages: at('packages.json'),
  }
}

/** Where the shim keeps what ImageFactory calls the image. */
export function identifierFile(work: string): string {
  return join(work, 'identifier')
}

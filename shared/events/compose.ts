import { z } from 'zod'
import { defineEvent, type BodyOf } from './define.ts'

/**
 * The foreign messages that start a drop. Their bodies are Pungi's and the compose scripts' own
 * (pungi/notifier.py; before Pungi 4: `{log, branch, arch}`), so every key that we do not need is let through.
 */
export const composeStatusChanged = defineEvent({
  subject: 'pungi.compose.status.change',
  outside: 'compose',
  means: 'a compose changed its status',
  schema: z.looseObject({
    compose_id: z.string().min(1),
    status: z.string().min(1).describe('STARTED, FINISHED, FINISHED_INCOMPLETE, DOOMED, TERMINATED'),
    location: z.string().min(1),
    compose_date: z.string().optional(),
    compose_type: z.string().optional(),
    compose_respin: z.int().min(0).optional(),
    compose_label: z.string().nullish(),
    release_short: z.string().optional(),
    release_version: z.string().optional(),
    release_type: z.string().optional(),
  }),
  example: {
    status: 'FINISHED_INCOMPLETE',
    release_type: 'ga',
    compose_label: null,
    compose_respin: 0,
    compose_date: '20180426',
    release_version: 'Rawhide',
    location: 'http://kojipkgs.fedoraproject.org/compose/rawhide/Fedora-Rawhide-20180426.n.0/compose',
    compose_type: 'nightly',
    release_is_layered: false,
    release_name: 'Fedora',
    release_short: 'Fedora',
    compose_id: 'Fedora-Rawhide-20180426.n.0',
  },
  summary: 'the compose {compose_id} is {status}',
})
export type ComposeStatusChanged = BodyOf<typeof composeStatusChanged>

const oldCompose = z.looseObject({
  log: z.string().optional(),
  branch: z.string().min(1).describe('`rawhide`, or the release number'),
  arch: z.string().optional().describe('Empty or missing for the whole compose'),
})

export const rawhideComposed = defineEvent({
  subject: 'compose.rawhide.complete',
  outside: 'compose',
  means: 'a Rawhide compose of before Pungi 4 is complete',
  schema: oldCompose,
  example: { log: 'done', branch: 'rawhide', arch: '' },
  summary: 'the Rawhide compose is complete ({branch})',
})

export const branchedComposed = defineEvent({
  subject: 'compose.branched.complete',
  outside: 'compose',
  means: 'a branched compose of before Pungi 4 is complete',
  schema: oldCompose,
  example: { log: 'done', branch: '19', arch: '' },
  summary: 'the branched compose of {branch} is complete',
})

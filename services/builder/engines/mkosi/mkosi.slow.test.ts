import pino from 'pino'
import { engineContract, requestFor } from '../engine.contract.ts'
import { findSources } from '../../packages/find-sources.ts'
import { readHostMirror } from '../../packages/host-mirror.ts'
import { createMkosiEngine } from './engine.ts'

engineContract(createMkosiEngine({ deadline: 800_000, idleDeadline: 300_000 }), {
  builds: true,
  async request(changes) {
    const request = await requestFor(changes)
    const sources = await findSources(request.compose, request.recipe, request.image.architecture, {
      mirror: null,
      hostMirror: readHostMirror,
      fetch,
      requireSecurity: false,
      log: pino({ level: 'silent' }),
      signal: AbortSignal.timeout(60_000),
    })
    return { ...request, sources }
  },
})

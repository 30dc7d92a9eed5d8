import { isStruct, type Struct, type Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import { Fault, generic, offline } from './fault.ts'
import { directoryMethods } from './methods/directory.ts'
import { outputMethods, upload } from './methods/output.ts'
import { submitMethods } from './methods/submit.ts'
import { taskMethods } from './methods/tasks.ts'
import { bind, str } from './python.ts'
import { enterSession, hasPermission, sessionMethods, settle, type Caller, type Scene } from './sessions.ts'
import { methods } from './signatures.ts'
import type { World } from './world.ts'

type Handler = (scene: Scene, given: Struct) => Value

/** Carries out the calls of a hub. */
export interface Dispatcher {
  call(caller: Caller, method: string, params: readonly Value[]): Value
  upload(caller: Caller, bytes: Uint8Array): Value
}

export function createDispatcher(world: World, top: string): Dispatcher {
  const handlers: Readonly<Record<string, Handler>> = {
    ...directoryMethods(top),
    ...sessionMethods,
    ...submitMethods,
    ...taskMethods,
    ...outputMethods(top),
  }

  function one(scene: Scene, method: string, params: readonly Value[]): Value {
    if (method === 'multiCall' || method === 'system.multicall') return many(scene, params[0] ?? [])
    const known = methods.get(method)
    const handler = handlers[method]
    if (method === 'echo' || method === 'hello') return echo(scene, method, params)
    if (!known || !handler || (known.plugin !== undefined && !world.plugins.has(known.plugin))) {
      throw generic(`Invalid method: ${method}`)
    }
    const { args, keywords } = decodeArguments(params)
    return handler(scene, bind(known.called, known.signature, args, keywords))
  }

  /** Each on its own: one that fails does not undo the others. */
  function many(scene: Scene, calls: Value): Value {
    return (calls as readonly Struct[]).map((call) => {
      try {
        return [one(scene, str(call['methodName']), (call['params'] ?? []) as readonly Value[])]
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        return { faultCode: error.code, faultString: error.message, traceback: [] }
      }
    })
  }

  function echo(scene: Scene, method: string, params: readonly Value[]): Value {
    const { args, keywords } = decodeArguments(params)
    bind(`RootExports.${method}`, [], [], keywords)
    return handlers[method]?.(scene, { args }) ?? null
  }

  return {
    call(caller, method, params) {
      if (world.options.offline !== null) throw offline(world.options.offline)
      // The method is looked for first, so that one that there is not needs no session.
      const scene = enterSession(world, caller, method)
      refuseLockedOut(scene, method)
      const value = one(scene, method, params)
      settle(scene)
      return value
    },
    upload(caller, bytes) {
      if (world.options.offline !== null) throw offline(world.options.offline)
      const scene = enterSession(world, caller, null)
      refuseLockedOut(scene, null)
      // Nothing is written to the database, so the number of an upload is never kept.
      return upload(scene, top, bytes)
    },
  }
}

function refuseLockedOut(scene: Scene, method: string | null): void {
  if (!scene.world.options.lockOut || ['login', 'sslLogin', 'logout'].includes(method ?? '')) return
  if (!hasPermission(scene, 'admin')) throw offline('Server disabled for maintenance')
}

/** The last parameter holds the keywords if it says so. */
function decodeArguments(params: readonly Value[]): { readonly args: readonly Value[]; readonly keywords: Struct } {
  const last = params.at(-1)
  if (!isStruct(last) || last['__starstar'] !== true) return { args: params, keywords: {} }
  return {
    args: params.slice(0, -1),
    keywords: Object.fromEntries(Object.entries(last).filter(([name]) => name !== '__starstar')),
  }
}

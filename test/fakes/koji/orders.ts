import { isStruct, type Struct, type Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import type { Nvr } from './builds.ts'
import { nextRelease } from './methods/directory.ts'
import { str } from './python.ts'
import type { Task, World } from './world.ts'

/** What a task of an image asks for, whichever of the calls made it. */
export interface Order {
  readonly name: string
  readonly version: string
  readonly release: string | null
  readonly arches: readonly string[]
  readonly target: string
  readonly opts: Struct
  readonly scratch: boolean
  readonly mayFail: (arch: string) => boolean
  /** Method and label of the children. */
  readonly child: { readonly method: string; readonly label: (arch: string) => string }
  readonly says: string
}

/** Reads the stored request of a task. */
export function orderOf({ method, request }: Task): Order {
  const [a, b, c, d, e, f] = request
  const byArch = (arch: string) => arch
  switch (method) {
    case 'image':
      return order(a, b, c, d, f, 'image', { method: 'createImage', label: byArch })
    case 'appliance':
      return order(a, b, Array.isArray(c) ? c : [c ?? ''], d, f, 'appliance', {
        method: 'createAppliance',
        label: () => 'appliance',
      })
    case 'livemedia':
      return order(a, b, c, d, f, 'livecd', { method: 'createLiveMedia', label: (arch) => `livemedia ${arch}` })
    case 'kiwiBuild': {
      const opts = isStruct(e) ? e : {}
      // The description says what its image is called; here its file does.
      const base =
        str(d)
          .split('/')
          .at(-1)
          ?.replace(/\.kiwi$/, '') ?? ''
      const name = `${base}${typeof opts['profile'] === 'string' ? `-${opts['profile']}` : ''}`
      return order(name, opts['version'] ?? '1', b, a, e, 'image', { method: 'createKiwiImage', label: byArch })
    }
    case 'osbuildImage':
      return order(a, b, f, e, request[6], 'image', { method: '', label: byArch })
    default:
      return order(d, e, b, a, f, 'image', { method: 'imageBuilderBuildArch', label: byArch })
  }
}

function order(
  name: Value | undefined,
  version: Value | undefined,
  arches: Value | undefined,
  target: Value | undefined,
  given: Value | undefined,
  says: string,
  child: Order['child'],
): Order {
  const opts = isStruct(given) ? given : {}
  const optional = opts['optional_arches'] ?? opts['failable_arches']
  return {
    name: str(name),
    version: str(version),
    release: typeof opts['release'] === 'string' ? opts['release'] : null,
    arches: Array.isArray(arches) ? (arches as readonly Value[]).map(String) : [],
    target: str(target),
    opts,
    scratch: opts['scratch'] === true,
    mayFail: (arch) => isIn(arch, optional),
    child,
    says,
  }
}

/** Python's `in`: of a list an element, of a text any part of it. The command line sends a text. */
function isIn(arch: string, optional: Value | undefined): boolean {
  if (typeof optional === 'string') return optional.includes(arch)
  return Array.isArray(optional) && (optional as readonly Value[]).includes(arch)
}

/** The release that the build gets. Scratch appliances without one get none, which Python prints as `None`. */
export function nvrOfOrder(world: World, task: Task, given: Order): Nvr {
  const { name, version } = given
  const bare = given.scratch && (task.method === 'appliance' || task.method === 'livemedia')
  return { name, version, release: given.release ?? (bare ? 'None' : nextRelease(world, name, version)) }
}

/** A document for the Kubernetes API, as far as every kind has it. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

interface Model {
  readonly prototype: { readonly validate: (this: object) => void }
}

/** What the Kubernetes API would refuse in a document, or drop without a word; empty when all is well. */
export async function faultsOf(document: Manifest): Promise<string[]> {
  const model = await modelOf(document)
  if (!model) return [`there is no ${document.kind} in ${document.apiVersion}`]
  const unread = new Set<string>()
  const faults: string[] = []
  try {
    model.prototype.validate.call(watch(document, '', unread))
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error))
  }
  const unknown = [...unread].map((path) => `${path}: there is no such field`)
  return [...faults, ...unknown].map((fault) => `${document.kind} ${document.metadata.name}: ${fault}`)
}

/** The packages have a module per API version, and in it a class per kind that knows its schema. */
async function modelOf({ apiVersion, kind }: Manifest): Promise<Model | null> {
  const library = apiVersion.startsWith('keda.sh/') ? '@kubernetes-models/keda' : 'kubernetes-models'
  const module = (await import(`${library}/${apiVersion}`).catch(() => null)) as Record<string, Model> | null
  return module?.[kind] ?? null
}

/**
 * The schemas let unknown fields pass, and so also misspelt ones. But a validator reads every field that its schema
 * has: `unread` is left with those that it did not read.
 */
function watch<Value extends object>(value: Value, path: string, unread: Set<string>): Value {
  const inside = new Map<string | symbol, object>()
  for (const [key, child] of Object.entries(value)) {
    const place = path === '' ? key : `${path}.${key}`
    unread.add(place)
    if (typeof child === 'object' && child !== null) inside.set(key, watch(child as object, place, unread))
  }
  return new Proxy(value, {
    get(target, key): unknown {
      if (typeof key === 'string') unread.delete(path === '' ? key : `${path}.${key}`)
      return inside.get(key) ?? Reflect.get(target, key)
    },
  })
}

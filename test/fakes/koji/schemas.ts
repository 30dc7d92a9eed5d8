import { isStruct, type Struct, type Value } from '../../../services/builder/engines/koji/rpc/value.ts'
import { parameterError } from './fault.ts'
import { repr, typeOf } from './python.ts'

/** The parts of JSON Schema (draft 4) that the hub's plugins describe their arguments with. */
export interface Schema {
  readonly type?: 'string' | 'array' | 'object' | 'boolean' | 'integer'
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Schema | readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: boolean
  readonly required?: readonly string[]
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
}

/** Refuses what is not valid, with the first line of what Python's jsonschema says (1019). */
export function validate(value: Value, schema: Schema): void {
  const complaint = complaintOf(value, schema)
  if (complaint !== null) throw parameterError(complaint)
}

function complaintOf(value: Value, schema: Schema): string | null {
  if (schema.type !== undefined && !hasType(value, schema.type)) return `${repr(value)} is not of type '${schema.type}'`
  if (schema.oneOf && schema.oneOf.filter((one) => complaintOf(value, one) === null).length !== 1) {
    return `${repr(value)} is not valid under any of the given schemas`
  }
  if (schema.anyOf && schema.anyOf.every((one) => complaintOf(value, one) !== null)) {
    return `${repr(value)} is not valid under any of the given schemas`
  }
  if (Array.isArray(value)) return complaintOfArray(value as readonly Value[], schema)
  return isStruct(value) ? complaintOfObject(value, schema) : null
}

function complaintOfArray(
  value: readonly Value[],
  { minItems = 0, maxItems = Infinity, items }: Schema,
): string | null {
  if (value.length < minItems) return `${repr(value)} is too short`
  if (value.length > maxItems) return `${repr(value)} is too long`
  for (const [index, one] of value.entries()) {
    const schema = Array.isArray(items) ? (items as readonly Schema[])[index] : (items as Schema | undefined)
    const complaint = schema ? complaintOf(one, schema) : null
    if (complaint !== null) return complaint
  }
  return null
}

function complaintOfObject(
  value: Struct,
  { properties, additionalProperties = true, required = [] }: Schema,
): string | null {
  const strange = Object.keys(value).filter((name) => !(name in (properties ?? {})))
  if (!additionalProperties && strange.length > 0) {
    const quoted = strange.map((name) => repr(name)).join(', ')
    return `Additional properties are not allowed (${quoted} ${strange.length === 1 ? 'was' : 'were'} unexpected)`
  }
  for (const [name, one] of Object.entries(value)) {
    const schema = properties?.[name]
    const complaint = schema && one !== undefined ? complaintOf(one, schema) : null
    if (complaint !== null) return complaint
  }
  const missing = required.find((name) => !(name in value))
  return missing === undefined ? null : `${repr(missing)} is a required property`
}

function hasType(value: Value, type: NonNullable<Schema['type']>): boolean {
  const names = { string: 'str', array: 'list', object: 'dict', boolean: 'bool', integer: 'int' } as const
  return typeOf(value) === names[type]
}

const text: Schema = { type: 'string' }
const texts: Schema = { type: 'array', items: text }
const closed = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
})
const ostree = closed({ parent: text, ref: text, url: text })

/** Arguments of `osbuildImage` (osbuild/koji-osbuild 650663b, plugins/hub/osbuild.py). */
export const osbuildSchema: Schema = {
  type: 'array',
  minItems: 7,
  items: [
    text,
    text,
    text,
    { oneOf: [text, { ...texts, minItems: 1, maxItems: 1 }] },
    text,
    { ...texts, minItems: 1 },
    closed({
      customizations: { type: 'object' },
      ostree,
      upload_options: {
        anyOf: [
          closed({ region: text, snapshot_name: text, share_with_accounts: texts }, ['region', 'share_with_accounts']),
          closed({ region: text }, ['region']),
          closed({ region: text, bucket: text, image_name: text, share_with_accounts: texts }, ['region']),
          closed({ tenant_id: text, subscription_id: text, resource_group: text, location: text, image_name: text }, [
            'tenant_id',
            'subscription_id',
            'resource_group',
          ]),
          closed({ name: text, tag: text }),
        ],
      },
      repo: { type: 'array', items: { oneOf: [text, closed({ baseurl: text, package_sets: texts }, ['baseurl'])] } },
      release: text,
      skip_tag: { type: 'boolean' },
    }),
  ],
}

/** Arguments of `imageBuilderBuild` (osbuild/koji-image-builder 97e0e9a, plugin/hub/image_builder.py). */
export const imageBuilderSchema: Schema = {
  type: 'array',
  minItems: 6,
  items: [
    text,
    texts,
    { ...texts, minItems: 1, maxItems: 1 },
    text,
    text,
    closed({
      scratch: { type: 'boolean' },
      repos: texts,
      release: text,
      distro: text,
      skip_tag: { type: 'boolean' },
      ostree,
      bootc: closed({ ref: text, 'build-ref': text, 'installer-payload-ref': text, 'default-fs': text }),
      blueprint: { type: 'object' },
      seed: { type: 'integer' },
      preview: { type: 'boolean' },
      failable_arches: texts,
    }),
  ],
}

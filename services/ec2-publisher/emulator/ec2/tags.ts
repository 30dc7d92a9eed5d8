import { refused } from '../api-error.ts'
import type { TagRecord } from '../records.ts'
import type { Action, Call } from './action.ts'
import { imageOf, importOf, instanceOf, snapshotOf } from './lookup.ts'
import type { Parameters } from './parameters.ts'

const mostTags = 50

/** CreateTags: sets tags of AMIs, snapshots, instances and import tasks; a key that is there gets the new value. */
export const createTags: Action = {
  takes: 'ResourceId.N Tag.N.Key Tag.N.Value',
  async run(call) {
    const tags = parseTags(call.parameters)
    const ids = call.parameters.texts('ResourceId')
    if (ids.length === 0) throw refused('MissingParameter', 'The request must contain the parameter resourceIdSet')
    if (tags.length === 0) throw refused('MissingParameter', 'The request must contain the parameter tagSet')
    const images = ids.filter((id) => id.startsWith('ami-'))
    const snapshots = ids.filter((id) => id.startsWith('snap-'))
    for (const id of images) imageOf(call, id)
    for (const id of snapshots) snapshotOf(call, id)
    const instances = ids.filter((id) => id.startsWith('i-'))
    for (const id of instances) instanceOf(call, id)
    const imports = ids.filter((id) => id.startsWith('import-snap-'))
    for (const id of imports) importOf(call, id)
    const other = ids.find((id) => !/^(ami|snap|i|import-snap)-/.test(id))
    if (other !== undefined) throw refused('InvalidID', `The ID '${other}' is not valid`)
    for (const id of images) await tagImage(call, id, tags)
    for (const id of snapshots) await tagSnapshot(call, id, tags)
    for (const id of instances) {
      const instance = instanceOf(call, id)
      await call.world.instances.save({ ...instance, tags: mergeTags(instance.tags, tags) })
    }
    for (const id of imports) {
      const task = importOf(call, id)
      await call.world.imports.save({ ...task, tags: mergeTags(task.tags, tags) })
    }
    return { return: true }
  },
}

/** The tags of an import task, the only thing that ImportSnapshot tags. */
export function taskTags(parameters: Parameters): TagRecord[] {
  return parameters.groups('TagSpecification').flatMap((one) => {
    const type = one.required('ResourceType')
    if (type !== 'import-snapshot-task')
      throw refused('InvalidParameterValue', `'${type}' is not a valid taggable resource type for this operation.`)
    return parseTags(one)
  })
}

/** Looked up again: while another resource was written, somebody else may have tagged this one. */
async function tagImage(call: Call, id: string, tags: readonly TagRecord[]): Promise<void> {
  const image = imageOf(call, id)
  await call.world.images.save({ ...image, tags: mergeTags(image.tags, tags) })
}

async function tagSnapshot(call: Call, id: string, tags: readonly TagRecord[]): Promise<void> {
  const snapshot = snapshotOf(call, id)
  await call.world.snapshots.save({ ...snapshot, tags: mergeTags(snapshot.tags, tags) })
}

/** Reads `Tag.N.Key` and `Tag.N.Value` by the rules for tags. */
export function parseTags(parameters: Parameters): TagRecord[] {
  const tags = parameters.groups('Tag').map((tag) => ({ key: tag.required('Key'), value: tag.text('Value') ?? '' }))
  for (const { key, value } of tags) {
    if (key.startsWith('aws:'))
      throw refused('InvalidParameterValue', `Tag keys starting with 'aws:' are reserved for internal use`)
    if (key.length > 128) throw refused('InvalidParameterValue', `Tag key exceeds the maximum length of 128 characters`)
    if (value.length > 256)
      throw refused('InvalidParameterValue', `Tag value exceeds the maximum length of 256 characters`)
  }
  if (new Set(tags.map((tag) => tag.key)).size < tags.length)
    throw refused('InvalidParameterValue', 'Duplicate tag key specified.')
  if (tags.length > mostTags) throw tooMany()
  return tags
}

function mergeTags(old: readonly TagRecord[], fresh: readonly TagRecord[]): TagRecord[] {
  const merged = new Map([...old, ...fresh].map((tag) => [tag.key, tag.value]))
  if (merged.size > mostTags) throw tooMany()
  return [...merged].map(([key, value]) => ({ key, value }))
}

function tooMany() {
  return refused('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.')
}

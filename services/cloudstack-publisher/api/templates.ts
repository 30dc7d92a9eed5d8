import type { Pace } from '#publishing/wait.ts'
import { anything, osTypeList, templateList, zoneList, type Template } from './schemas.ts'
import type { Client } from './client.ts'

const pageSize = 500
const mostPages = 100

/** The zone's id, and the names of all zones when there is none of that name. */
export async function findZone(
  client: Client,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly id: string } | { readonly names: readonly string[] }> {
  const { zone } = await client.ask('listZones', { available: 'true' }, zoneList, signal)
  const found = zone.find((one) => one.name === name || one.id === name)
  return found ? { id: found.id } : { names: zone.map((one) => one.name) }
}

/** The first kind of guest that the cloud knows, of those that would do. */
export async function findOsType(
  client: Client,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<string | null> {
  const { ostype } = await client.ask('listOsTypes', { page: '1', pagesize: String(pageSize) }, osTypeList, signal)
  for (const description of wanted) {
    const found = ostype.find((one) => one.description === description)
    if (found) return found.id
  }
  return null
}

/** The templates of our own account in a zone; by `name`, only those. */
export async function listOwn(
  client: Client,
  zone: string,
  name: string | null,
  signal: AbortSignal,
): Promise<Template[]> {
  const all: Template[] = []
  for (let page = 1; page <= mostPages; page++) {
    const fields = { templatefilter: 'self', zoneid: zone, page: String(page), pagesize: String(pageSize) }
    const { template } = await client.ask(
      'listTemplates',
      name === null ? fields : { ...fields, name },
      templateList,
      signal,
    )
    all.push(...template)
    if (template.length < pageSize) break
  }
  // Some releases take `name` for a part of it.
  return name === null ? all : all.filter((one) => one.name === name)
}

/** Has the cloud fetch a template, and gives it as it is at first. */
export async function registerTemplate(
  client: Client,
  fields: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Template | undefined> {
  return (await client.ask('registerTemplate', fields, templateList, signal)).template[0]
}

/** Who may see it. */
export async function setPermissions(
  client: Client,
  id: string,
  { ispublic, isfeatured }: Pick<Template, 'ispublic' | 'isfeatured'>,
  signal: AbortSignal,
): Promise<void> {
  const fields = { id, ispublic: String(ispublic), isfeatured: String(isfeatured) }
  await client.ask('updateTemplatePermissions', fields, anything, signal)
}

/** Removes a template of one zone; one that somebody else has removed meanwhile is gone as well. */
export async function deleteTemplate(
  client: Client,
  { id, name }: Pick<Template, 'id' | 'name'>,
  zone: string,
  pace: Pace,
): Promise<void> {
  try {
    await client.askAndWait('deleteTemplate', { id, zoneid: zone }, pace)
  } catch (error) {
    pace.signal.throwIfAborted()
    if ((await listOwn(client, zone, name, pace.signal)).some((one) => one.id === id)) throw error
  }
}

import { randomUUID } from 'node:crypto'
import { assertChecksum, assertFetchable, fetchTemplate } from './fetch-template.ts'
import { accountError, internalError, paramError, Refusal, resourceAllocationError, unauthorized } from './refusal.ts'
import type { CloudWorld, FakeAccount, FakeTemplate } from './world.ts'

type Fields = ReadonlyMap<string, string>
interface Call {
  readonly world: CloudWorld
  readonly account: FakeAccount
  readonly fields: Fields
  /** Aborts when the cloud ends. */
  readonly signal: AbortSignal
}

/** The commands that a publisher needs, each with what it answers below its top key. */
export const commands: Readonly<Record<string, (call: Call) => object>> = {
  listZones: ({ world }) => list('zone', world.zones),
  listOsTypes: ({ world, fields }) => list('ostype', paged(world.osTypes, fields)),
  listTemplates,
  registerTemplate,
  updateTemplatePermissions,
  deleteTemplate,
  queryAsyncJobResult({ world, fields }) {
    const job = world.jobs.get(required(fields, 'jobid'))
    if (!job) throw new Refusal(paramError, `Unable to find job by id ${required(fields, 'jobid')}`)
    return { jobid: fields.get('jobid'), ...job }
  },
}

/** An empty list has no keys at all. */
function list(name: string, all: readonly object[]): object {
  return all.length === 0 ? {} : { count: all.length, [name]: all }
}

/** BaseListCmd: both or neither, and no page above `default.page.size`. */
function paged<One>(all: readonly One[], fields: Fields): readonly One[] {
  const page = fields.get('page')
  const size = fields.get('pagesize')
  if (page === undefined && size === undefined) return all
  if (page !== undefined && size === undefined)
    throw new Refusal(paramError, '"page" parameter specified without "pagesize"')
  if (Number(size) > 500) throw new Refusal(paramError, 'The parameter "pagesize" exceeded its max value of 500')
  const start = (Number(page ?? 1) - 1) * Number(size)
  return all.slice(start, start + Number(size))
}

function listTemplates({ world, account, fields }: Call): object {
  const filters = ['featured', 'self', 'selfexecutable', 'sharedexecutable', 'executable', 'community', 'all']
  const filter = required(fields, 'templatefilter')
  if (!filters.includes(filter)) throw new Refusal(paramError, `Invalid templatefilter ${filter}`)
  const seen = world.templates.filter(
    (one) =>
      (filter === 'community'
        ? one.ispublic && !one.isfeatured
        : filter === 'featured'
          ? one.isfeatured
          : one.account === account.name) &&
      (fields.get('zoneid') ?? one.zoneid) === one.zoneid &&
      (fields.get('id') ?? one.id) === one.id &&
      (fields.get('name') ?? one.name) === one.name,
  )
  return list('template', paged(seen, fields).map(shown))
}

function registerTemplate(call: Call): object {
  const { world, account, fields, signal } = call
  const name = required(fields, 'name')
  const format = required(fields, 'format')
  const hypervisor = required(fields, 'hypervisor')
  const url = required(fields, 'url')
  const zoneid = required(fields, 'zoneid')
  // BaseCmd: lengths as annotated.
  if (name.length > 255) throw new Refusal(paramError, `Value greater than max allowed length 255 for param: name`)
  if (url.length > 2048) throw new Refusal(paramError, `Value greater than max allowed length 2048 for param: url`)
  if (!['QCOW2', 'RAW', 'VHD', 'OVA', 'VMDK'].includes(format.toUpperCase()))
    throw new Refusal(paramError, `Image format: ${format} is incorrect.`)
  if (!['KVM', 'XenServer', 'VMware', 'Hyperv', 'LXC'].includes(hypervisor))
    throw new Refusal(paramError, `Hypervisor Type: ${hypervisor} is invalid.`)
  if (!world.zones.some(({ id }) => id === zoneid)) throw new Refusal(paramError, 'Please specify a valid zone.')
  const osType = fields.get('ostypeid')
  if (osType !== undefined && !world.osTypes.some(({ id }) => id === osType))
    throw new Refusal(paramError, `Invalid parameter ostypeid value=${osType} due to incorrect long value format`)
  if (fields.get('ispublic') === 'true') assertMayPublish(call)
  if (world.templates.filter((one) => one.account === account.name).length >= (world.options.templateLimit ?? 20))
    throw new Refusal(
      resourceAllocationError,
      `Maximum number of resources of type 'template' for account name=${account.name} has been exceeded.`,
    )
  assertFetchable(world, url, format)
  const checksum = fields.get('checksum')
  assertChecksum(checksum)
  const template: FakeTemplate = {
    id: randomUUID(),
    account: account.name,
    zoneid,
    name,
    displaytext: fields.get('displaytext') ?? name,
    url,
    checksum: checksum ?? '',
    fields: Object.fromEntries(fields),
    created: new Date().toISOString().replace(/\.\d+Z$/, '+0000'),
    ispublic: fields.get('ispublic') === 'true',
    isfeatured: account.admin && fields.get('isfeatured') === 'true',
    isready: false,
    status: 'Processing',
    failed: false,
  }
  world.templates.push(template)
  void fetchTemplate(world, template, signal)
  return list('template', [shown(template)])
}

function updateTemplatePermissions(call: Call): object {
  const { account, fields } = call
  const template = own(call)
  if (fields.get('ispublic') === 'true') assertMayPublish(call)
  template.ispublic = (fields.get('ispublic') ?? String(template.ispublic)) === 'true'
  // Only administrators feature: others' word is passed over.
  if (account.admin) template.isfeatured = (fields.get('isfeatured') ?? String(template.isfeatured)) === 'true'
  return { success: true }
}

function deleteTemplate(call: Call): object {
  const { world } = call
  const template = own(call)
  const jobid = randomUUID()
  world.jobs.set(jobid, { jobstatus: 0 })
  setTimeout(() => {
    const at = world.templates.indexOf(template)
    if (at >= 0) world.templates.splice(at, 1)
    world.jobs.set(
      jobid,
      at >= 0
        ? { jobstatus: 1, jobresult: { success: true } }
        : { jobstatus: 2, jobresult: { errorcode: internalError, errortext: 'Failed to delete template' } },
    )
  }, 20)
  return { jobid }
}

function assertMayPublish({ world, account }: Call): void {
  if (!account.admin && !world.publicTemplates)
    throw new Refusal(paramError, 'Only private templates/ISO can be created.')
}

function own({ world, account, fields }: Call): FakeTemplate {
  const id = required(fields, 'id')
  const found = world.templates.find((one) => one.id === id)
  if (!found)
    throw new Refusal(
      paramError,
      `Unable to execute API command due to invalid value. Invalid parameter id value=${id} due to incorrect long value format, or entity does not exist`,
    )
  if (found.account !== account.name)
    throw new Refusal(accountError, `Acct[${account.name}] does not have permission to operate with resource ${id}`)
  return found
}

/** What is told of a template: neither where it is from, nor with which words it was registered. */
function shown(template: FakeTemplate): object {
  const { id, account, zoneid, name, displaytext, checksum, created, ispublic, isfeatured, isready, status } = template
  const downloadState = isready ? 'DOWNLOADED' : template.failed ? 'DOWNLOAD_ERROR' : 'DOWNLOAD_IN_PROGRESS'
  const downloaddetails = [{ datastore: 'secondary', downloadState }]
  const told = { id, account, zoneid, name, displaytext, checksum, created, ispublic, isfeatured, isready, status }
  return { ...told, downloaddetails }
}

function required(fields: Fields, name: string): string {
  const value = fields.get(name)
  if (value) return value
  throw new Refusal(
    paramError,
    `Unable to execute API command ${fields.get('command') ?? ''} due to missing parameter ${name}`,
  )
}

export function assertKnown(command: string | undefined): asserts command is string {
  if (command === undefined || !(command in commands))
    throw new Refusal(unauthorized, 'unable to verify user credentials and/or request signature')
}

import { imageKey } from '#events/vocabulary.ts'
import { imageName } from '#publishing/image-name.ts'
import type { Pace } from '#publishing/wait.ts'
import { PermanentError } from '#service/errors.ts'
import type { Template } from '../api/schemas.ts'
import { deleteTemplate, findOsType, listOwn, registerTemplate } from '../api/templates.ts'
import type { Place } from '../places.ts'
import { marked } from './mark.ts'
import type { Order } from './order.ts'
import { osTypes, templateFields } from './template-fields.ts'

/**
 * Finds the template of an order, or has the cloud fetch it, and gives it as it is now. CloudStack takes a command as
 * often as it comes: what an answer that was lost has made is found by its mark, and of two that were made at once the
 * older stays. Throws PermanentError when the cloud could not fetch it; then it is gone, so that a retry begins anew.
 */
export async function ensureTemplate(
  place: Place,
  order: Order,
  { hypervisor, pace }: { readonly hypervisor: string; readonly pace: Pace },
): Promise<Template> {
  const { client, zone } = place
  const [found, ...doubles] = await findTemplates(place, order, pace.signal)
  for (const double of doubles) await deleteTemplate(client, double, zone, pace)
  if (found === undefined) {
    const osType = await findOsType(client, osTypes(order.compose, order.image.architecture), pace.signal)
    await registerTemplate(client, templateFields(order, { zone, osType, hypervisor }), pace.signal)
    const [first = lost(place, order)] = await findTemplates(place, order, pace.signal)
    // Not to be opened before another look: a process that had the same thought may have registered one as well, and by
    // then, with times in whole seconds, both see which is the older.
    return { ...first, isready: false }
  }
  if (!hasFailed(found)) return found
  await deleteTemplate(client, found, zone, pace)
  throw new PermanentError('refused', `${place.client.place}: ${found.name} from ${order.file.url}: ${found.status}`)
}

/** Ours of this order, the oldest first. */
async function findTemplates({ client, zone }: Place, order: Order, signal: AbortSignal): Promise<Template[]> {
  const named = await listOwn(client, zone, imageName(order), signal)
  return named
    .filter((one) => {
      const of = marked(one)
      return of?.drop === order.drop && of.image === imageKey(order.image) && of.sha256 === order.file.sha256
    })
    .toSorted((one, other) => one.created.localeCompare(other.created) || one.id.localeCompare(other.id))
}

/** What a download that is under way, or done, says of itself; whatever else is a reason. */
const wellStates =
  /^(|\d+% Downloaded|Installing Template|Download Complete|Active|Processing|Allocated|Creating|Bypassed.*)$/i

function hasFailed({ isready, status, downloaddetails }: Template): boolean {
  if (isready) return false
  return downloaddetails.some(({ downloadState }) => downloadState === 'DOWNLOAD_ERROR') || !wellStates.test(status)
}

function lost({ client }: Place, order: Order): never {
  throw new PermanentError(
    'refused',
    `${client.place}: ${imageName(order)} was registered, but is not among our templates`,
  )
}

import { closed, gone, unavailable, wrongWithClaims, type Flaw } from '#publishing/audit-claims.ts'
import { settleWrong, wrongToBeThere, type Marked } from '#publishing/audit-place.ts'
import type { Pace } from '#publishing/wait.ts'
import type { AuditReport, ClaimedDrop, ClaimedRegistration } from '#service/audit.ts'
import type { Template } from '../api/schemas.ts'
import { deleteTemplate, listOwn } from '../api/templates.ts'
import type { Visibility } from '../config.ts'
import type { Place } from '../places.ts'
import { openTemplate } from '../publish/open-template.ts'
import { marked } from '../register/mark.ts'

/** From closed to open. */
const openness: readonly Visibility[] = ['private', 'public', 'featured']

/**
 * Compares one zone with what drops claim. Two sources: the registrations of the ledger, and the templates of our account whose display
 * text ends with our mark. Others' are never looked at.
 */
export async function auditPlace(
  place: Place,
  drops: readonly ClaimedDrop[],
  { repair, pace }: { readonly repair: boolean; readonly pace: Pace },
): Promise<AuditReport> {
  const { client, zone, wanted } = place
  const { visibility: expected } = wanted
  const templates = (await listOwn(client, zone, null, pace.signal)).filter((one) => marked(one) !== null)
  const wrong = [
    ...(await wrongWithClaims(drops, { place: wanted.place, expected, look })),
    ...wrongToBeThere(templates.map(markedBy), drops),
  ]
  const findings = await settleWrong(wanted.place, wrong, repair)
  return { places: [{ place: wanted.place, looked: templates.length }], findings }

  function look({ id }: ClaimedRegistration, drop: string): Flaw | null {
    const template = templates.find((one) => one.id === id && marked(one)?.drop === drop)
    if (template === undefined) return gone("not this account's, or not marked as of its drop, any more")
    if (!template.isready) return unavailable(['not ready', template.status].filter(Boolean).join(': '))
    const found = visibilityOf(template)
    if (openness.indexOf(found) >= openness.indexOf(expected)) return null
    return closed(found, expected, {
      words: `it is made ${expected}`,
      act: () => openTemplate(place, template, pace),
    })
  }

  function markedBy(template: Template): Marked {
    const { id, name } = template
    const { drop = null, image = null } = marked(template) ?? {}
    return {
      id,
      what: `${id} (${name})`,
      drop,
      image,
      // Wherever it is claimed: one that somebody has copied into another zone keeps its id.
      isOf: (registration: ClaimedRegistration) => registration.id === id,
      remove: () => deleteTemplate(client, template, zone, pace),
    }
  }
}

/** As the cloud goes by it: one that is featured and not public is shown to nobody. */
function visibilityOf({ ispublic, isfeatured }: Template): Visibility {
  if (!ispublic) return 'private'
  return isfeatured ? 'featured' : 'public'
}

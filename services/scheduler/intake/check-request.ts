import type { DropRequested } from '#events/operator.ts'
import { readComposeBody } from '../compose/compose-event.ts'
import { assertImages } from '../compose/images.ts'
import { judge, type Rules } from '../compose/judge.ts'
import { readNotice } from '../compose/notice.ts'
import { Refused } from '../compose/refused.ts'

/**
 * Throws Refused when a person's request for a drop cannot be right, or leads to none. Without rules, which may be
 * another host's, it is held to what holds everywhere.
 */
export function checkRequest(
  { topic, message, images }: Pick<DropRequested, 'topic' | 'message' | 'images'>,
  came: Date,
  rules: Rules | null,
): void {
  const notice = readNotice(readComposeBody(topic, message), came)
  if (rules === null) return
  const judged = judge(notice, rules)
  if ('ignored' in judged) throw new Refused('message', null, judged.ignored)
  assertImages(images, notice.name, judged.distribution)
}

import type { News, Waiting } from '../story/news.ts'
import type { View } from './template.ts'
import { wrap } from './wrap.ts'

/** What the mail of something else that happens to a drop is filled with. */
export function viewOfNews(news: News): View<'mail-news'> {
  const { kind, drop, sentence } = news
  return {
    drop,
    sentence,
    headline: headlineOf(news),
    opening: ['title' in news ? `${news.title}, ${drop}:` : `${drop}:`, ...wrap(sentence)].join('\n'),
    images: kind === 'waiting' ? [imageLines(news.images).join('\n')] : [],
    todo: todoOf(news).map((lines) => lines.join('\n')),
    failed: kind === 'failed',
    waiting: kind === 'waiting',
    withdrawn: kind === 'withdrawn',
    expired: kind === 'expired',
    overdue: kind === 'overdue',
    unchanged: kind === 'unchanged',
  }
}

/** Short enough to be read in a list of subjects: why something failed is in the mail. */
function headlineOf(news: News): string {
  if (news.kind !== 'failed') return news.sentence
  return `${news.image === null ? '' : `${news.image} `}failed at ${news.step} (${news.class})`
}

function imageLines(images: Waiting['images']): string[] {
  return images.flatMap(({ key, passed, failure }) => {
    const line = `  ${key} ${passed ? 'passed' : 'FAILED'}`
    return failure === null ? [line] : wrap(`${key} FAILED: ${failure}`, { first: '  ', rest: '    ' })
  })
}

/** What a release engineer can do about it. */
function todoOf(news: News): string[][] {
  const { kind, drop } = news
  if (kind === 'waiting') {
    return [
      ['To publish it:', `  imagedrop bless ${drop}`],
      ['To stop it:', `  imagedrop cancel ${drop}`],
    ]
  }
  if (kind === 'unchanged') return [['To build it all the same:', `  imagedrop retry ${drop}`]]
  if (kind !== 'failed') return []
  const log = news.log === null ? [] : [['Its log in the artifact store:', `  ${news.log}`]]
  return [
    ...log,
    ['To see where it stands:', `  imagedrop status ${drop}`],
    ['When what failed is mended:', `  imagedrop retry ${drop}`],
  ]
}

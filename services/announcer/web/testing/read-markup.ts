/** All elements of some markup, with their attributes but without these's values. */
export function elementsOf(markup: string): string[] {
  return (markup.match(/<\/?[a-z!][^>]*/gi) ?? []).map((element) => element.replace(/"[^"]*"/g, '""'))
}

const letters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/** What is read where some markup is shown. */
export function textOf(markup: string): string {
  return markup
    .replace(/<style>[\s\S]*?<\/style>|<[^>]*>/g, '')
    .replace(/&(\w+|#39);/g, (_, name: string) => letters[name] ?? '?')
}

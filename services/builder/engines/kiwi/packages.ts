/** KIWI's list of packages (`name|epoch|version|release|arch|…`, a line each) as the list that every engine gives. */
export function packageList(text: string): string {
  const packages = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', epoch, version = '', release, architecture] = line.split('|')
      const full = [known(epoch, '', ':'), version, known(release, '-', '')].join('')
      return JSON.stringify({ name, version: full, architecture })
    })
  return `{"packages":[\n${packages.join(',\n')}\n]}\n`
}

/** Debian's versions have epoch and release in them; KIWI says None of what it does not take apart. */
function known(part: string | undefined, before: string, after: string): string {
  return part === undefined || part === 'None' || part === '' ? '' : `${before}${part}${after}`
}

import { stripVTControlCharacters } from 'node:util'

/** What a guest has said, as text that HTML and XML may hold: no escape sequences, no other control characters. */
export function plainText(said: string): string {
  return (
    stripVTControlCharacters(said)
      .toWellFormed()
      .replaceAll(/\r+\n|\r/g, '\n')
      // eslint-disable-next-line no-control-regex -- they are what is taken out
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, '')
      .replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
      .replaceAll(/\n{3,}/g, '\n\n')
  )
}

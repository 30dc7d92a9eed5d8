import { expect, it } from 'vitest'
import { describeErrors, InstallationFailed } from '../installer/classify.ts'
import { livemediaMeanings, livemediaWords } from './words.ts'

const { classify } = describeErrors(livemediaMeanings)
const isFailure = (line: string) =>
  !livemediaWords.harmless?.test(line) && livemediaWords.failures.some((pattern) => pattern.test(line))

it.each([
  ['Traceback (most recent call last):', 'recipe'],
  ['11:02:01,113 DEBUG anaconda: 1 traceback script(s) have been run', 'recipe'],
  ['[  441.2] Out of memory: Killed process 871 (anaconda)', 'capacity'],
  ['[   12.0] Call Trace:', 'environment'],
  ['insufficient disk space: 3 GiB needed', 'capacity'],
  ['Not enough disk space to download the packages; size 1 GiB.', 'capacity'],
  ['error populating transaction after 10 retries: Curl error (28): Timeout', 'transient'],
  ['anaconda crashed on signal 11', 'environment'],
  ['packaging: Missed: NoSuchPackage: cloud-int', 'recipe'],
  ['packaging: Installation failed: scriptlet of foo', 'recipe'],
  ['The following error occurred while installing.  This is a fatal error and installation will be aborted.', 'recipe'],
  ['Error in POSTIN scriptlet in rpm package kernel-core', 'recipe'],
  ['Process 871 (anaconda) of user 0 dumped core', 'environment'],
  ['packaging: base repo (http://c.example.org/os) not valid', 'transient'],
  ['packaging: foo-1.0 requires bar', 'recipe'],
])('%s', (line, failureClass) => {
  expect(isFailure(line)).toBe(true)
  expect(classify(new InstallationFailed('livemedia-creator', line))).toBe(failureClass)
})

it.each([
  'packaging: base repo (CDROM/file:/run/install/repo) not valid',
  'IGNORED: Traceback (most recent call last):',
])('goes on after %s', (line) => {
  expect(isFailure(line)).toBe(false)
})

// Reads what vitest reported as JSON. Runs on whatever Node the host has.
//
//   results.cjs failed-files REPORT             the files of which something failed, a line each
//   results.cjs sum-up FOLDER [UNEXPLAINED...]  what failed and why, then `N passed, N failed`; status 1 when anything
//                                               failed. UNEXPLAINED ended badly though no test of theirs failed.
const { existsSync, readFileSync, readdirSync } = require('node:fs')
const path = require('node:path')

const [command, place, ...unexplained] = process.argv.slice(2)
if (command === 'failed-files') {
  if (existsSync(place)) for (const file of failedFiles(read(place))) console.log(path.relative('.', file.name))
} else {
  process.exitCode = sumUp()
}

function sumUp() {
  let passed = 0
  let failed = 0
  const suites = existsSync(path.join(place, 'first')) ? readdirSync(path.join(place, 'first')) : []
  for (const suite of suites) {
    const first = read(path.join(place, 'first', suite))
    const againFile = path.join(place, 'again', suite)
    const again = existsSync(againFile) ? read(againFile) : { testResults: [] }
    if (first.numPendingTests > 0) console.log(`${suite}: ${first.numPendingTests} skipped`)
    passed += first.numPassedTests
    for (const file of failedFiles(first)) {
      const rerun = again.testResults.find(({ name }) => name === file.name)
      // A file that fails before its first test has no failed test: it is counted as one.
      const count = file.assertionResults.filter(({ status }) => status === 'failed').length || 1
      if (rerun?.status === 'passed') passed += count
      else failed += count
      tell(rerun?.status === 'passed' ? 'flaky: failed once and passed alone' : 'failed', file)
    }
  }
  for (const suite of unexplained)
    console.log(`failed: npm run ${suite} ended badly, and no test of it says why: see above`)
  failed += unexplained.length
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

function tell(what, file) {
  console.log(`${what}: ${path.relative('.', file.name)}`)
  if (file.message) console.log(indent(file.message))
  for (const { status, fullName, failureMessages } of file.assertionResults) {
    if (status === 'failed') console.log(`  ${fullName}\n${indent(failureMessages.join('\n'))}`)
  }
}

function failedFiles(report) {
  return report.testResults.filter(
    (file) => file.status === 'failed' || file.assertionResults.some(({ status }) => status === 'failed'),
  )
}

function indent(text) {
  const lines = text.split('\n').slice(0, 12)
  return lines.map((line) => `    ${line.slice(0, 400)}`).join('\n')
}

function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}

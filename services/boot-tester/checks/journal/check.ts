import { passedIfNone, type GuestCheck } from '../check.ts'

/** Alternatives, as journalctl takes them. */
const notOfTheKernel = '_TRANSPORT=journal _TRANSPORT=stdout _TRANSPORT=syslog'

/** Between the newest entry and the errors. */
const mark = '-- errors:'

/** An administrator who looks for errors finds none. */
export const journal: GuestCheck = {
  name: 'journal',
  description: 'the journal of the first boot can be read and has no errors',
  severity: 'warning',
  rule: 'journalctl(1), --priority; tunir tests, TestJournalWritten',
  since: '2026-11-26',
  on: 'guest',
  // Of a journal that cannot be found, journalctl shows nothing and is content. What the kernel says is the check `kernel-errors`.
  script: `journalctl --boot --quiet --no-pager --output=cat --lines=1; echo ${mark}; journalctl --boot --priority=err --quiet --no-pager --output=cat ${notOfTheKernel}`,
  judge: ({ status, output }) => {
    if (status !== 0) return { outcome: 'failed', detail: `journalctl: ${output.trim()}` }
    const [newest = '', errors = ''] = output.split(mark)
    if (newest.trim() === '') return { outcome: 'failed', detail: 'there is no journal of this boot' }
    return passedIfNone([...new Set(errors.split('\n').filter((line) => line.trim() !== ''))], 'no errors')
  },
}

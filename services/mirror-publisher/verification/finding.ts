/** What one check found. */
export interface Finding {
  readonly about: 'drop' | 'signature' | 'checksum' | 'packages' | 'provenance' | 'boot test' | 'registration'
  /** The file that it is about, as the drop names it. */
  readonly file: string | null
  /** `unknown`: it could not be checked, or not with what was given. */
  readonly outcome: 'good' | 'wrong' | 'unknown'
  readonly detail: string
}

/** Takes findings down; `about` starts those of one kind. */
export interface Notes {
  readonly findings: readonly Finding[]
  readonly about: (about: Finding['about'], file: string | null) => Note
}

export interface Note {
  readonly good: (detail: string) => void
  readonly wrong: (detail: string) => void
  readonly unknown: (detail: string) => void
  /** Good with the one detail, or wrong with the other; null when there is nothing wrong. */
  readonly judge: (good: string, wrong: string | null) => void
}

/** An empty list of findings. */
export function takeNotes(): Notes {
  const findings: Finding[] = []
  return {
    findings,
    about(about, file) {
      const note = (outcome: Finding['outcome']) => (detail: string) => {
        findings.push({ about, file, outcome, detail })
      }
      const [good, wrong, unknown] = [note('good'), note('wrong'), note('unknown')]
      return {
        good,
        wrong,
        unknown,
        judge: (fine, bad) => {
          if (bad === null) good(fine)
          else wrong(bad)
        },
      }
    },
  }
}

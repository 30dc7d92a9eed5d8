/** What a job needs of the host that it runs on, for itself alone as long as it runs. What is absent is not needed. */
export interface Needs {
  /** So many processors it has to get to go on well, parts of one too; it may use more that nobody else uses. */
  readonly cores?: number
  readonly memoryMib?: number
  readonly diskMib?: number
  readonly kvm?: boolean
  readonly root?: boolean
  /** Of the programs that it runs on the host's own processor: `x86_64`. */
  readonly architecture?: string
}

/** What a host has for all the jobs of all its processes together. */
export interface Capacity {
  /** Its name, the same for all its processes. */
  readonly host: string
  readonly cores: number
  readonly memoryMib: number
  /** What is free now. */
  readonly diskMib: number
  readonly kvm: boolean
  readonly root: boolean
  readonly architectures: readonly string[]
}

/** A service whose jobs a process takes, and how many it does at a time. */
export interface Taken {
  readonly service: string
  readonly slots: number
}

/** A process that takes jobs of a service, as it last said so. */
export interface Worker {
  readonly service: string
  readonly owner: string
  /** How many jobs of the service it does at a time; null when it is of a version that did not say so. */
  readonly slots: number | null
  readonly capacity: Capacity
}

/** Queued jobs of a service that none of its workers that are there can ever run, and why. */
export interface Unfit {
  readonly service: string
  readonly reason: string
  readonly count: number
  readonly oldest: Date
}

/** Why these workers can never run a job, whatever else they do: `no worker has kvm`; null when one can, or none is known. */
export function whyNobody(needs: Needs, workers: readonly Worker[]): string | null {
  if (workers.length === 0) return null
  const lacking = workers.map(({ capacity }) => lacksOf(needs, capacity))
  if (lacking.some((lacks) => lacks.length === 0)) return null
  const [first = []] = lacking
  const common = first.filter((lack) => lacking.every((lacks) => lacks.includes(lack)))
  return common.length > 0 ? `no worker has ${common.join(', ')}` : `no worker has all of ${wordsOf(needs).join(', ')}`
}

/** Whether a host that has this can run a job. */
export function fits(needs: Needs, capacity: Capacity): boolean {
  return lacksOf(needs, capacity).length === 0
}

/** What jobs hold together; of processors thousandths. */
export interface Holding {
  readonly cores: number
  readonly memory: number
  readonly disk: number
}

/** What is left of a host when jobs hold this. */
export function less(capacity: Capacity, { cores, memory, disk }: Holding): Capacity {
  return {
    ...capacity,
    // In thousandths, so that sums are exact.
    cores: (Math.round(capacity.cores * 1000) - cores) / 1000,
    memoryMib: capacity.memoryMib - memory,
    diskMib: capacity.diskMib - disk,
  }
}

/** What a host lacks for a job even when nothing else runs on it. */
function lacksOf(needs: Needs, capacity: Capacity): string[] {
  return words.filter(({ lacks }) => lacks(needs, capacity)).map(({ say }) => say(needs))
}

function wordsOf(needs: Needs): string[] {
  return words.filter(({ lacks }) => lacks(needs, nothing)).map(({ say }) => say(needs))
}

const nothing: Capacity = {
  host: '',
  cores: 0,
  memoryMib: 0,
  diskMib: 0,
  kvm: false,
  root: false,
  architectures: [],
}

const words: readonly {
  readonly lacks: (needs: Needs, capacity: Capacity) => boolean
  readonly say: (needs: Needs) => string
}[] = [
  { lacks: ({ kvm = false }, capacity) => kvm && !capacity.kvm, say: () => 'kvm' },
  { lacks: ({ root = false }, capacity) => root && !capacity.root, say: () => 'root' },
  {
    lacks: ({ architecture }, { architectures }) => architecture !== undefined && !architectures.includes(architecture),
    say: ({ architecture = '' }) => `the architecture ${architecture}`,
  },
  {
    lacks: ({ cores = 0 }, capacity) => cores > capacity.cores,
    say: ({ cores = 0 }) => `${String(cores)} ${cores === 1 ? 'core' : 'cores'}`,
  },
  {
    lacks: ({ memoryMib = 0 }, capacity) => memoryMib > capacity.memoryMib,
    say: ({ memoryMib = 0 }) => `${String(memoryMib)} MiB of memory`,
  },
  {
    lacks: ({ diskMib = 0 }, capacity) => diskMib > capacity.diskMib,
    say: ({ diskMib = 0 }) => `${String(diskMib)} MiB of free disk`,
  },
]

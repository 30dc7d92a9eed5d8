/**
 * What became of a lease: still ours, somebody else's, its job cancelled by a person, or ours until we have put the job back, for another that
 * goes before it.
 */
export type Held = 'held' | 'lost' | 'cancelled' | { readonly preemptedBy: string }

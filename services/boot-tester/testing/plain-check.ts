/** What a check of a test is besides its name and how it judges. */
export const plainCheck = { description: '', severity: 'error', rule: 'a test', since: null } as const

import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pino } from 'pino'
import type { EventDefinition } from '#events/define.ts'
import { seal } from '#events/envelope.ts'
import { ownEvents } from '#events/index.ts'
import { operatorRequests } from '#events/operator.ts'
import { migratePostgres } from '#ledger/postgres/migrate.ts'
import { openPostgresLedger } from '#ledger/postgres/open.ts'
import { messageOf } from '#service/errors.ts'
import { run } from '#subprocess/run.ts'
import { house } from '#test/support/house.ts'
import { accountsScript, provideGuardedPostgres } from '../brokers/accounts.ts'

type GuardedPostgres = Awaited<ReturnType<typeof provideGuardedPostgres>>

const silent = pino({ level: 'silent' })
const services = house.names
const roles = ['owner', 'operator', 'monitor', ...services].map((name) => `imagedrop_${name.replaceAll('-', '_')}`)
let database: GuardedPostgres

beforeAll(async () => {
  database = await provideGuardedPostgres()
}, 120_000)
afterAll(() => database[Symbol.asyncDispose]())

it('deploy/postgres/accounts.sh makes a role for every service, with the password that it is told', async () => {
  const found = await query(
    `select rolname, rolpassword is not null as has from pg_authid where rolname like 'imagedrop%'`,
  )
  expect(new Map(found.map(({ rolname, has }) => [rolname, has]))).toEqual(
    new Map(roles.map((role) => [role, role === 'imagedrop_builder'])),
  )
  const before = await passwordOf('imagedrop_builder')
  await runAgain({ BUILDER_PASSWORD: "it's \\ another", CONVERTER_PASSWORD: 'two' })
  expect(await passwordOf('imagedrop_builder')).not.toBe(before)
  expect(await passwordOf('imagedrop_converter')).toMatch(/^SCRAM-SHA-256/)
  expect(await passwordOf('imagedrop_announcer')).toBeNull()
})

it('lets them and nobody else into the database', async () => {
  const may = `select rolname from pg_roles where not rolsuper and rolcanlogin
    and has_database_privilege(rolname, current_database(), 'connect')`
  await database.server.administer('create role stranger login')
  expect((await query(may)).map(({ rolname }) => String(rolname)).toSorted()).toEqual(roles.toSorted())
})

it('hands over what an administrator had made under one account for all', async () => {
  await database.server.administer('create table public.of_before (x text)', database.urlOf('postgres'))
  await runAgain({})
  await migratePostgres({ url: database.ownerUrl, log: silent })
  const owners = await query(`select distinct tableowner from pg_tables where schemaname = 'public'`)
  expect(owners).toEqual([{ tableowner: 'imagedrop_owner' }])
})

it.each([...(await house.definitions()), { name: 'operator', emits: operatorRequests }])(
  'the ledger takes from the $name what it says, and nothing else',
  async ({ name, emits }) => {
    await migratePostgres({ url: database.ownerUrl, words: await house.words(), log: silent })
    await using ledger = await openPostgresLedger({
      url: database.urlOf(`imagedrop-${name}`),
      poolSize: 1,
      log: silent,
    })
    const taken: string[] = []
    for (const { subject, example } of ownEvents as readonly EventDefinition[]) {
      const envelope = seal({ subject, body: example }, { now: new Date() })
      const by = name === 'operator' ? undefined : { service: name, owner: 'a' }
      const refusal = await ledger.say(envelope, new Date(), by).catch(messageOf)
      if (refusal === undefined) taken.push(subject)
      else expect(refusal).toMatch(/new row violates row-level security policy/)
    }
    expect(taken.toSorted()).toEqual(emits.map(({ subject }) => subject).toSorted())
  },
)

async function passwordOf(role: string): Promise<unknown> {
  const [row] = await query(`select rolpassword from pg_authid where rolname = '${role}'`)
  return row?.['rolpassword']
}

async function runAgain(passwords: Readonly<Record<string, string>>): Promise<void> {
  await run('bash', [accountsScript], { env: { ...database.environment, ...passwords } })
}

async function query(text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: database.urlOf('postgres') })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

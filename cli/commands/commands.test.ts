import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, describe, expect, it } from 'vitest'
import { renderHelp } from '../help.ts'
import { allCommands, overview } from './index.ts'

const program = join(import.meta.dirname, '..', 'imagedrop.js')
const cwd = await mkdtemp(join(tmpdir(), 'imagedrop-commands-'))
afterAll(() => rm(cwd, { recursive: true }))

/** The real command, in an empty folder. */
async function imagedrop(...args: string[]) {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  return { status, stdout, stderr }
}

const commands = await allCommands()

describe.each(commands.map((command) => [command.name, command] as const))('the help of %s', (name, command) => {
  const help = renderHelp(command)

  it('explains every option: what it does, its default and an example', () => {
    for (const [option, { value, means, default: fixed, otherwise, example, gone }] of Object.entries(
      command.options,
    )) {
      if (gone) {
        expect(help).not.toContain(`--${option}`)
        continue
      }
      expect(means, `--${option}`).toMatch(/^[a-z0-9].{15,}[^.]$/)
      expect(help).toContain(`  --${option}${value === undefined ? '' : ` ${value}`}\n`)
      if (value === undefined) continue
      expect(example, `--${option} has no example`).toMatch(/\S/)
      expect(fixed !== undefined || otherwise !== undefined, `--${option} has no default`).toBe(true)
    }
  })

  it('has a summary, an example that the command takes, and its exit statuses', () => {
    expect(command.summary).toMatch(/^[a-z].*[^.]$/)
    expect(command.examples.every((example) => example.split(' ')[0] === name)).toBe(true)
    expect(command.exits[0]).toMatch(/\S/)
    expect(command.exits[1]).toMatch(/\S/)
    expect(help).toMatch(/\n {2}2 {3}the command line is wrong\n/)
  })

  it('fits a terminal', () => {
    expect(help.split('\n').filter((line) => line.length > 100 && !line.startsWith('  imagedrop'))).toEqual([])
  })
})

it('options that read their value take their own default and example', () => {
  for (const { options } of commands) {
    for (const { read, default: fixed, example } of Object.values(options)) {
      if (read === undefined) continue
      for (const value of [fixed, example]) if (value !== undefined) expect(() => read(value)).not.toThrow()
    }
  }
})

it('--version prints the version of the package', async () => {
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string
  }
  expect(await imagedrop('--version')).toEqual({ status: 0, stdout: `imagedrop ${version}\n`, stderr: '' })
})

it.each([[[]], [['help']], [['--help']], [['-h']]])('%j prints the overview', async (args) => {
  expect(await imagedrop(...args)).toEqual({ status: 0, stdout: await overview(), stderr: '' })
})

it.each([[['drop', '--help']], [['help', 'drop']], [['drop', '--bogus', '-h']]])(
  '%j prints the help of drop',
  async (args) => {
    const { status, stdout } = await imagedrop(...args)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^usage: imagedrop drop \[OPTION\]…\n/)
  },
)

it.each([
  [['stauts'], 'there is no command "stauts"; did you mean status?'],
  [['mig'], 'there is no command "mig"; did you mean migrate?'],
  [['frobnicate'], 'there is no command "frobnicate"; `imagedrop help` lists them'],
  [['help', 'drp'], 'there is no command "drp"; did you mean drop?'],
  [['up', '--prot', '80'], 'up: there is no option --prot; did you mean --port?'],
  [['up', '--xyzzy'], 'up: there is no option --xyzzy; `imagedrop up --help` explains those that it has'],
  [['events', '-j'], 'events: there is no option -j; `imagedrop events --help` explains those that it has'],
  [['up', '--port'], 'up: --port wants a value: --port 8081'],
  [['drop', '--state', '--json'], 'drop: --state wants a value: --state /var/lib/imagedrop'],
  [['drop', '--json=yes'], 'drop: --json is a switch and takes no value, got "yes"'],
  [['up', '--port', '70000'], 'up: --port: expected a whole number from 0 to 65535, got "70000"'],
  [
    ['serve', 'converter', '--concurrency', '0'],
    'serve: --concurrency: expected a whole number from 1 to 1000, got "0"',
  ],
  [['up', 'scheduler'], 'up: one argument too many: "scheduler"'],
  [['status', 'one', 'two'], 'status: one argument too many: "two"'],
  [['serve'], 'serve: SERVICE is missing: the services to run, each by the name of its folder'],
  [['serve', 'bulider'], /^there is no service "bulider"; /],
  [['cancel'], 'cancel: DROP is missing: the drop, by its name as `imagedrop status` lists it'],
  [['bridge'], 'bridge: --subjects LIST is missing: which ones?'],
  [['bridge', '--subjects', 'composes'], 'bridge: give --from URL, or set IMAGEDROP_BRIDGE_FROM_URL'],
])('%j is refused in one line, with status 2', async (args, message) => {
  const { status, stdout, stderr } = await imagedrop(...args)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^imagedrop: .*\n$/)
  expect(stderr.slice('imagedrop: '.length, -1)).toEqual(
    typeof message === 'string' ? message : expect.stringMatching(message),
  )
  expect(status).toBe(2)
})

it('what looks like an option is an argument after --, and a value after =', async () => {
  expect((await imagedrop('status', '--', '--json')).stderr).toContain('there is no drop "--json"')
  expect((await imagedrop('drop', '--compose=--help')).stderr).toContain('--compose --help: ')
})

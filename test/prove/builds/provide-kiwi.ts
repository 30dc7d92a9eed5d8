import { providePythonEnvironment } from '#test/brokers/python-venv.ts'

const kiwi = 'kiwi==11.1.6'

/** Puts KIWI on the PATH of this process. */
export async function provideKiwi(): Promise<void> {
  console.log(`fetching ${kiwi} from PyPI, unless it is there`)
  const bin = await providePythonEnvironment('kiwi', [kiwi])
  process.env['PATH'] = `${bin}:${process.env['PATH'] ?? ''}`
}

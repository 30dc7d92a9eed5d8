import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How one kind of server runs in a container. */
export interface ContainerKind {
  /** Name of the image, without its version: that is the one of compose.yaml. */
  readonly image: string
  readonly port: number
  readonly environment?: Readonly<Record<string, string>>
  readonly command?: readonly string[]
  /** What it logs when it is ready. */
  readonly ready: RegExp
}

/** A container for a test. It keeps its port and its data while it is stopped. */
export interface ServerContainer {
  start(): Promise<void>
  stop(): Promise<void>
  remove(): Promise<void>
}

/** Makes a container of the engine that answers, whose port is one of this host, and starts it. */
export async function startContainer(kind: ContainerKind, port: number): Promise<ServerContainer> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  const started = await new GenericContainer(await imageOf(kind.image))
    .withExposedPorts({ container: kind.port, host: port })
    .withEnvironment({ ...kind.environment })
    .withCommand([...(kind.command ?? [])])
    .withWaitStrategy(Wait.forLogMessage(kind.ready))
    .start()
  // The library can restart a container, but not leave it stopped for a while.
  const { container: engine } = await getContainerRuntimeClient()
  const container = engine.getById(started.getId())
  return {
    start: () => engine.start(container),
    stop: () => engine.stop(container, { timeout: 30_000 }),
    async remove() {
      await started.stop({ remove: true, removeVolumes: true })
    },
  }
}

async function imageOf(name: string): Promise<string> {
  const text = await readFile(join(import.meta.dirname, '..', '..', 'compose.yaml'), 'utf8')
  const image = new RegExp(`^ +image: (${name}:\\S+)$`, 'm').exec(text)?.[1]
  if (image === undefined) throw new Error(`compose.yaml names no image ${name}`)
  return image
}

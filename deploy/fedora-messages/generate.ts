import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { z } from 'zod'
import { schemaNameOf, schemaPackage } from '#bus/amqp/wire.ts'
import type { EventDefinition } from '#events/define.ts'
import { ownEvents } from '#events/index.ts'

/** The folder of the Python package that tells fedora-messaging's tools what our messages are. */
export const packageFolder = import.meta.dirname

const events: readonly EventDefinition[] = ownEvents

/** The generated files of the Python package, by path in its folder, as shared/events/ has them now. */
export async function generatePackage(): Promise<Map<string, string>> {
  const files = new Map([
    ['pyproject.toml', await projectFile()],
    [`${schemaPackage}/messages.py`, classes()],
  ])
  for (const event of events) {
    files.set(`${schemaPackage}/schemas/${event.subject}.json`, await schemaFile(event))
  }
  return files
}

async function projectFile(): Promise<string> {
  const text = await readFile(join(packageFolder, '..', '..', 'package.json'), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  const entries = events.map(
    (event) => `"${schemaNameOf(event.subject)}" = "${schemaPackage}.messages:${classNameOf(event)}"`,
  )
  return `# Generated from shared/events/ by \`npm run docs\`.
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "${schemaPackage.replace('_', '-')}"
version = "${version}"
description = "Schemas of the messages that imagedrop publishes"
readme = "README.md"
license = { text = "Apache-2.0" }
requires-python = ">=3.9"
dependencies = ["fedora-messaging>=3.0"]

[tool.setuptools]
packages = ["${schemaPackage}"]

[tool.setuptools.package-data]
${schemaPackage} = ["schemas/*.json"]

[project.entry-points."fedora.messages"]
${entries.join('\n')}
`
}

function classes(): string {
  return `# Generated from shared/events/ by \`npm run docs\`.
"""One class per event of imagedrop, in the order of its pipeline."""

from fedora_messaging.message import ${[...new Set(events.map(severityOf))].toSorted().join(', ')}

from .base import ImagedropMessage, load_schema

${events.map(classOf).join('\n')}`
}

function classOf(event: EventDefinition): string {
  return `
class ${classNameOf(event)}(ImagedropMessage):
    """${event.means}"""

    topic = ${JSON.stringify(event.subject)}
    severity = ${severityOf(event)}
    body_schema = load_schema(topic)
    sentence = ${JSON.stringify(event.sentence)}
`
}

/** `image.built.v1` is `ImageBuiltV1`. */
function classNameOf({ subject }: EventDefinition): string {
  return subject
    .split('.')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}

function severityOf({ severity }: EventDefinition): string {
  return severity.toUpperCase()
}

async function schemaFile(event: EventDefinition): Promise<string> {
  const { $schema, ...schema } = z.toJSONSchema(event.schema, { target: 'draft-7', override: tolerate })
  const document = { $schema, title: event.subject, description: event.means, ...schema }
  const options = await resolveConfig(join(packageFolder, 'schema.json'))
  return await format(JSON.stringify(document), { ...options, parser: 'json' })
}

/** Who has an older package reads newer messages all the same: fields that were added are no reason to drop one. */
function tolerate({ jsonSchema }: { jsonSchema: { additionalProperties?: unknown } }): void {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
}

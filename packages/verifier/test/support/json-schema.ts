import type { JsonValue } from '@blindai/core'
import fc from 'fast-check'

/**
 * The part of JSON Schema 2020-12 that `policy.schema.json` is written in: what fits a schema, and examples of it. A keyword
 * that is not known here is an error, so that none is passed over.
 */
export interface Schema {
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly const?: JsonValue
  readonly enum?: readonly JsonValue[]
  readonly type?: string
  readonly maxLength?: number
  readonly pattern?: string
  /** `date` only. */
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly minProperties?: number
  readonly additionalProperties?: boolean
  readonly anyOf?: readonly Schema[]
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>
}

const KNOWN = [
  ...['$schema', '$ref', '$defs', 'title', 'description', 'const', 'enum', 'type', 'maxLength', 'pattern', 'minimum'],
  ...['maximum', 'minItems', 'maxItems', 'uniqueItems', 'items', 'properties', 'required', 'additionalProperties'],
  ...['anyOf', 'dependentRequired', 'format', 'patternProperties', 'minProperties'],
]

/** Follows references; the words beside one describe, and nothing else may stand there. */
function resolve(root: Schema, schema: Schema): Schema {
  const strange = Object.keys(schema).find((keyword) => !KNOWN.includes(keyword))
  if (strange !== undefined) throw new Error(`the keyword ${strange} is not known here`)
  if (schema.$ref === undefined) return schema
  const target = root.$defs?.[schema.$ref.replace('#/$defs/', '')]
  if (target === undefined) throw new Error(`nothing is at ${schema.$ref}`)
  return resolve(root, target)
}

/** What fits a schema, by alternative: each joined with what all of them have, which alternatives only narrow. */
function formsOf(root: Schema, part: Schema): readonly Schema[] {
  const { anyOf, ...own } = resolve(root, part)
  if (anyOf === undefined) return [own]
  return anyOf
    .flatMap((one) => formsOf(root, one))
    .map((form) => ({
      ...own,
      ...form,
      properties: { ...own.properties, ...form.properties },
      required: [...(own.required ?? []), ...(form.required ?? [])],
    }))
}

/** Whether a value fits. A date that is of its pattern and no day of the calendar does not. */
export function isValid(root: Schema, value: JsonValue, part: Schema = root): boolean {
  const schema = resolve(root, part)
  const same = (one: JsonValue): boolean => JSON.stringify(one) === JSON.stringify(value)
  if (schema.const !== undefined && !same(schema.const)) return false
  if (schema.enum !== undefined && !schema.enum.some(same)) return false
  if (schema.type !== undefined && schema.type !== typeOf(value)) return false
  if (schema.anyOf?.some((one) => isValid(root, value, one)) === false) return false
  if (typeof value === 'string') return isValidText(schema, value)
  if (typeof value === 'number') {
    return (
      value >= (schema.minimum ?? Number.NEGATIVE_INFINITY) && value <= (schema.maximum ?? Number.POSITIVE_INFINITY)
    )
  }
  if (Array.isArray(value)) return isValidList(root, schema, value)
  return typeof value !== 'object' || value === null || isValidObject(root, schema, new Map(Object.entries(value)))
}

function typeOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array'
  if (value === null) return 'null'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function isValidText({ maxLength = Number.POSITIVE_INFINITY, pattern = '', format }: Schema, value: string): boolean {
  return value.length <= maxLength && new RegExp(pattern, 'u').test(value) && (format !== 'date' || isDay(value))
}

function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

function isValidList(root: Schema, schema: Schema, value: readonly JsonValue[]): boolean {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, uniqueItems, items } = schema
  if (value.length < minItems || value.length > maxItems) return false
  if (uniqueItems === true && new Set(value.map((item) => JSON.stringify(item))).size < value.length) return false
  return items === undefined || value.every((item) => isValid(root, item, items))
}

function isValidObject(root: Schema, schema: Schema, value: ReadonlyMap<string, JsonValue>): boolean {
  const { properties = {}, patternProperties = {}, required = [], dependentRequired = {}, minProperties = 0 } = schema
  if (value.size < minProperties || required.some((member) => !value.has(member))) return false
  for (const [member, needed] of Object.entries(dependentRequired)) {
    if (value.has(member) && needed.some((other) => !value.has(other))) return false
  }
  for (const [member, item] of value) {
    const named = Object.entries(properties).filter(([name]) => name === member)
    const like = Object.entries(patternProperties).filter(([pattern]) => new RegExp(pattern, 'u').test(member))
    const parts = [...named, ...like]
    if (parts.length === 0 && schema.additionalProperties === false) return false
    if (parts.some(([, part]) => !isValid(root, item, part))) return false
  }
  return true
}

/** Values that fit. Objects take each member that is not required or leave it out. */
export function arbitraryOf(root: Schema, part: Schema = root): fc.Arbitrary<JsonValue> {
  const schema = resolve(root, part)
  const { minimum = 0, maximum = 0, minItems = 0, maxItems, uniqueItems, maxLength = 20, pattern } = schema
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (pattern !== undefined) return arbitraryText(pattern).filter((text) => isValidText(schema, text))
  switch (schema.type) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({ min: minimum, max: maximum })
    case 'string':
      return fc.string({ maxLength: Math.min(maxLength, 12) })
    case 'array': {
      const item = schema.items === undefined ? fc.constant(null) : arbitraryOf(root, schema.items)
      const bounds = { minLength: minItems, maxLength: Math.min(maxItems ?? 2, 2) }
      const list = uniqueItems === true ? fc.uniqueArray(item, bounds) : fc.array(item, bounds)
      return list.map((items): JsonValue => items)
    }
    case 'object':
      return fc
        .oneof(...formsOf(root, schema).map((form) => arbitraryObject(root, form)))
        .filter((value) => isValid(root, value, schema))
    default:
      throw new Error(`no examples of the type ${schema.type}`)
  }
}

const HEXADECIMAL = /^\^\[0-9a-fA-F\]\{(\d+)\}\$$/

/** Long hexadecimal is one octet repeated, which is as good here and quick to make. */
function arbitraryText(pattern: string): fc.Arbitrary<string> {
  const digits = HEXADECIMAL.exec(pattern)?.[1]
  if (digits === undefined) return fc.stringMatching(new RegExp(pattern))
  return fc.stringMatching(/^[0-9a-fA-F]{2}$/).map((octet) => octet.repeat(Number(digits) / 2))
}

function arbitraryObject(root: Schema, schema: Schema): fc.Arbitrary<JsonValue> {
  const { properties = {}, patternProperties = {}, required = [], minProperties = 0 } = schema
  const members = Object.entries(properties).map(([member, part]) => [member, arbitraryOf(root, part)] as const)
  const bounds = { minKeys: minProperties, maxKeys: minProperties + 2 }
  const like = Object.entries(patternProperties).map(([pattern, part]) =>
    fc.dictionary(fc.stringMatching(new RegExp(pattern)), arbitraryOf(root, part), bounds),
  )
  return fc
    .tuple(fc.record(Object.fromEntries(members), { requiredKeys: [...required] }), ...like)
    .map((parts): JsonValue => Object.assign({}, ...parts))
}

/** The members that the schema knows, in whichever form, of what a parser calls by a path such as `policy.tdx.measurements[]`. */
export function membersAt(root: Schema, path: string): readonly string[] {
  const steps = path.replaceAll('[]', '.[]').split('.').slice(1)
  const found = steps.reduce(
    (owners, step) => {
      const parts = owners.flatMap((owner) => (step === '[]' ? owner.items : owner.properties?.[step]) ?? [])
      if (parts.length === 0) throw new Error(`the schema has nothing at ${path}`)
      return parts.flatMap((part) => formsOf(root, part))
    },
    formsOf(root, root),
  )
  return [...new Set(found.flatMap(namesIn))].sort()
}

/** Members of a form; those that a pattern describes are numbers below 100. */
function namesIn({ properties = {}, patternProperties = {} }: Schema): readonly string[] {
  const numbers = [...Array(100).keys()].map(String)
  const patterns = Object.keys(patternProperties).map((pattern) => new RegExp(pattern, 'u'))
  return [...Object.keys(properties), ...numbers.filter((number) => patterns.some((pattern) => pattern.test(number)))]
}

/** What a catalogue says about one code: the message of an occurrence, and one sentence on what to do. */
export interface CatalogueRow<Details> {
  readonly message: (details: Details) => string
  readonly hint: string
}

/** One row for each code of a `Details` map; the source of messages, hints and `docs/errors.md`. */
export type Catalogue<DetailsByCode extends object> = {
  readonly [Code in keyof DetailsByCode]: CatalogueRow<DetailsByCode[Code]>
}

/**
 * An error with a stable code, the facts of this occurrence and a hint on what to do.
 *
 * Each room derives one class from it with its own catalogue. `details` may hold field names, lengths, offsets, digests,
 * model names and codes; never a body, tensor, key or token. Tell errors apart by `name` and `code`, not by
 * `instanceof`, which fails when two copies of a package are installed.
 */
export class CodedError<DetailsByCode extends object, Code extends keyof DetailsByCode & string> extends Error {
  readonly code: Code
  readonly details: DetailsByCode[Code]
  readonly hint: string

  constructor(
    name: string,
    catalogue: Catalogue<DetailsByCode>,
    code: Code,
    details: DetailsByCode[Code],
    options?: ErrorOptions,
  ) {
    const row = catalogue[code]
    super(row.message(details), options)
    this.name = name
    this.code = code
    this.details = details
    this.hint = row.hint
  }
}

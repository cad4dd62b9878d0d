import type { CatalogueRow } from '@blindai/core'

/**
 * Which of three answers an error gives: the bytes are not what their format says; they are, but do not prove what they
 * claim; they prove it, and the policy does not want it.
 */
export type Answer = 'malformed' | 'not-proved' | 'not-wanted'

/** One row for each code, with the answer that it gives. */
export type AnswerCatalogue<DetailsByCode extends object> = {
  readonly [Code in keyof DetailsByCode]: CatalogueRow<DetailsByCode[Code]> & { readonly answer: Answer }
}

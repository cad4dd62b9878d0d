import type { CollectedEvidence, Endorsements, EvidenceSource } from '@blindai/core'
import { type EndorsementNeeds, endorsementsNeeded } from '@blindai/verifier'
import { isEndorsementError } from './endorsement-error.ts'
import type { EndorsementFetcher } from './fetcher.ts'

/** Bytes of report data. */
const REPORT_DATA_BYTES = 64

/**
 * A source of evidence whose endorsements are fetched: which ones the evidence itself says, so that a platform whose TCB was
 * updated while it runs gets others. Where they cannot be had, those of the source serve, if it has some.
 *
 * Evidence of formats that no service endorses keeps the endorsements of its source.
 */
export function endorsed(source: EvidenceSource, fetcher: EndorsementFetcher): EvidenceSource {
  return new EndorsedSource(source, fetcher)
}

class EndorsedSource implements EvidenceSource {
  readonly format: EvidenceSource['format']
  readonly #source: EvidenceSource
  readonly #fetcher: EndorsementFetcher
  #latest: { readonly needs: EndorsementNeeds | undefined } | undefined

  constructor(source: EvidenceSource, fetcher: EndorsementFetcher) {
    this.format = source.format
    this.#source = source
    this.#fetcher = fetcher
  }

  /** @throws also as `endorsementsNeeded` does, for evidence that no verifier could read. */
  async collect(reportData: Uint8Array): Promise<CollectedEvidence> {
    const evidence = await this.#source.collect(reportData)
    const needs = endorsementsNeeded({ format: this.format, bytes: evidence.bytes })
    this.#latest = { needs }
    return needs === undefined ? evidence : { ...evidence, endorsedUnder: JSON.stringify(needs) }
  }

  /** Of the evidence that was collected last; without any, of evidence that vouches for nothing. */
  async endorsements(): Promise<Endorsements | undefined> {
    if (this.#latest === undefined) await this.collect(new Uint8Array(REPORT_DATA_BYTES))
    const needs = this.#latest?.needs
    const given = await this.#source.endorsements()
    if (needs === undefined) return given
    try {
      return await this.#fetcher.fetch(needs, { given })
    } catch (error) {
      if (isEndorsementError(error) && given?.type === needs.technology) return given
      throw error
    }
  }
}

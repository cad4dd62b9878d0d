/** The most bytes of a quote. Real ones have about 5,000, or 8,000 with the padding of the buffer they came in. */
export const MAX_QUOTE_BYTES = 32_768

/** Intel's quoting enclaves. */
export const INTEL_QE_VENDOR_ID = '939a7233f79c4ca9940a0db3957f0607'

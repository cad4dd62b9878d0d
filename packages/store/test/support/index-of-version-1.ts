import { fromBase64Url } from '@blindai/core'

/**
 * An index as the first program wrote it: content of version 1, whose names have no versions. It holds `m` of alice, granted
 * to bob, and a nameless model of bob, and is sealed under the header and the key of `index-format.test.ts`.
 *
 * Source: this package at commit d08571a, `sealIndex`.
 */
export const INDEX_OF_VERSION_1: Uint8Array = fromBase64Url(
  'index',
  [
    'QkxJTkRJRFgAAQABBwcHBwcHBwcHBwcHBwcHBwAAAAAAAAAFBGZpbGUAPAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ',
    'CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCVBtr-vRLMrUnC8gFwAAAppjxPfM_sQEp2TYUiHXXCl8UQTHEbjT71U2OUQkLCU5mbkcUB3S',
    'g_77f0Zg8ct46jqqHte6bAjV0GsE_LDtgNByRbebBE0CTbrgzl-HlqusDbyDwjnKVNmCiqOWJA37XiLFjSKGvSBkKivKxziUSAf-',
    'rviDLrJ-sT-bWb0F68jOdkkiCEileS6LqMURP5jERgI1JGiFm9Nek-RDkzOtnmL1mYGY5A0a8uALxjYDHVYDpd7ftzAAV_vA18g_YgPN',
    '7tigIqSzusSzCAiZGzLaT7DTdL00PnmLcISY4DR_8Dt0o12vEOYt9foQ4umuGG1rfGmlgw_ZEFlKMgl2ZtQlFfkenO5So-',
    'RFaELHk24jLEEq8YDSDkhgkgM7VWWpPErD6DTZuxGHWls-E5lCkiCfKQ-nY1ChRMcatc8A0VIKrT-',
    'QlIt4Xbk47Hhp51Ta_nj1PzkFLE0Oor66teY63w_mf9AftAFzcUhBxPTt56WqIAiH4CYa_dF-jLwMca8GneN9DIrMoudSByc7d7AiEkI',
    'dAjiJt-2soMRkti7cI2X1JslLvB2g0dmKLr_Bd6GCQiT__7dCMx7LMNjwEGN55g6BBrPSVk8tR-ZIhnV7guHCcddqWLABX82FYUE6B1R',
    'SPl87ebzCwXY9EJloUFuDGYSV8viB5-cz_VcTHhDAEI4QvZNA62x2VS5z9VI14SVJsqwDMnWcuo-',
    'HcJMECTXQ_o7GcXNN3dAv-7ucMYb7ErTA6ZzqLvA8F9Ca-oTIeoHC2iRjXHCeRmarfQEnxQ_wurGOysLFjDzOncl-',
    'GWSicnESSesgr9au9_T4BkCa3k-BXhIws_NR8SwY3NP20l9Xbb_JjyLISiTbk3393tC5reDC48xuw5O2HY1RGrWwFAk',
  ].join(''),
)

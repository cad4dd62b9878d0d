import { describe, expect, test } from 'vitest'
import { isBlindAiError } from '../src/errors.ts'
import { parseApiPath, parseServerUrl, resourceUrl } from '../src/url.ts'

function optionRefusedBy(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (isBlindAiError(error) && error.code === 'OPTION_INVALID') return error.details.option
    throw error
  }
  return 'nothing was refused'
}

describe('the address of a server', () => {
  test.each(['https://blindai.example', 'http://127.0.0.1:8080', 'https://[::1]:8443/prefix/'])('may be %s', (url) => {
    expect(parseServerUrl(url).href).toContain(new URL(url).host)
  })

  test.each(['blindai.example', 'ftp://a', 'https://user:secret@a', 'https://a/?q', 'https://a/#f', ''])(
    'may not be %j',
    (url) => {
      expect(optionRefusedBy(() => parseServerUrl(url))).toBe('url')
    },
  )

  test('keeps its path in front of the resources', () => {
    expect(resourceUrl(new URL('https://a/prefix/'), '/.well-known/x?y').href).toBe('https://a/prefix/.well-known/x?y')
    expect(resourceUrl(new URL('https://a'), '/.well-known/x').href).toBe('https://a/.well-known/x')
  })
})

describe('a path of the API', () => {
  test('keeps its query', () => {
    expect(parseApiPath('/v2/models/a%2Fb?x=1')).toBe('/v2/models/a%2Fb?x=1')
  })

  test.each(['v2', '//evil.example/v2', '/\\evil.example', 'https://evil.example/', ''])('may not be %j', (path) => {
    expect(optionRefusedBy(() => parseApiPath(path))).toBe('path')
  })
})

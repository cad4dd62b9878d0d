import { describe, expect, test } from 'vitest'
import { createLineLog, describeCause, type LogEvent } from '../src/gatekeeper-log.ts'
import { fits, LOG_EVENTS } from '../src/log-events.ts'

/** What somebody might want to see in a log: anything but a code, a number or a digest. */
const FREE_TEXT = [
  'a prompt of somebody',
  'blindai_a-key',
  '/home/somebody/model.onnx',
  'clinic',
  'Grüße',
  '{"x":1}',
  '',
]

function logged(events: readonly LogEvent[], linesPerSecond?: number): Record<string, unknown>[] {
  const lines: string[] = []
  let ms = 0
  const log = createLineLog(
    (line) => lines.push(line),
    () => new Date(ms),
    linesPerSecond,
  )
  for (const event of events) {
    log(event)
    ms += 1
  }
  return lines.map((line) => JSON.parse(line))
}

describe('the events of the log', () => {
  test('have members that take no free text, whatever the member', () => {
    for (const [event, { members }] of Object.entries(LOG_EVENTS)) {
      for (const [member, rule] of Object.entries(members)) {
        for (const text of FREE_TEXT) {
          // The name of an error and the template of a route come out of the code, and only their form can be checked here.
          if ((rule === 'cause' && /^\w+$/.test(text)) || (rule === 'route' && text.startsWith('/'))) continue
          expect(fits(rule, text), `${event}.${member}: ${text}`).toBe(false)
        }
      }
    }
  })

  test('are written with the members of the table only, each as its rule says', () => {
    const smuggled = { event: 'answer-cut', cause: 'a prompt of somebody', prompt: 'canary' } as const
    const wrong: LogEvent = Object.assign({}, smuggled)
    expect(logged([wrong])).toEqual([{ time: '1970-01-01T00:00:00.000Z', event: 'answer-cut', cause: '?' }])
    const request = {
      event: 'request',
      requestId: '00000000-0000-4000-8000-000000000000',
      method: 'POST',
      route: '/v2/models/{model}/infer',
      status: 200,
      code: null,
      ms: 3,
      bytesIn: 10,
      bytesOut: null,
    } as const
    expect(logged([request])).toEqual([{ time: '1970-01-01T00:00:00.000Z', ...request }])
    expect(logged([{ ...request, route: '/v2/models/clinic~x-ray/infer?q=1' }])).toMatchObject([{ route: '?' }])
  })

  test('say of an error its name, its code and where it was thrown, and not its message', () => {
    const error = Object.assign(new TypeError('a prompt of somebody'), { code: 'A_CODE' })
    expect(describeCause(error)).toMatch(/^TypeError A_CODE at log-events\.test\.ts:\d+$/)
    expect(fits('cause', describeCause(error))).toBe(true)
    expect(describeCause(Object.assign(error, { code: 'a prompt' }))).not.toContain('prompt')
    expect(fits('cause', describeCause('a prompt'))).toBe(true)
    expect(
      logged([{ event: 'answer-cut', cause: describeCause(Object.assign(error, { name: 'a prompt' })) }]),
    ).toMatchObject([{ cause: '?' }])
  })

  test.each<[string, () => unknown]>([
    ['a place on a line of its own', () => new Error('x\nSECRET-of-input:1:2')],
    ['a frame', () => new Error('x\n    at SECRET (SECRET:1:2)\n    at SECRET:1:2')],
    ['what could not be parsed', () => thrownBy(() => JSON.parse('[x\nSECRET-4711:1:2\n'))],
    ['what is put together only afterwards', () => Object.assign(new Error('a'), { message: 'SECRET' })],
    ['a stack of its own making', () => Object.assign(new Error('a'), { stack: 'Error: b\n    at SECRET:1:2' })],
    ['a message twice', () => new Error('Error\n    at SECRET:1:2\nError\n    at SECRET:1:2')],
    ['the message of its cause', () => new Error('outer', { cause: new Error('x\n    at SECRET:1:2') })],
  ])('say nothing of the message of an error that has in it %s', (_, make) => {
    const said = describeCause(make())
    expect(said).not.toContain('SECRET')
    expect(said).toMatch(/^\w+(?: at log-events\.test\.ts:\d+)?$/)
    expect(fits('cause', said)).toBe(true)
  })

  test('say where an error was thrown that has no message, or one of several lines', () => {
    for (const message of ['', 'x\ny', 'x\n    at SECRET:1:2']) {
      expect(describeCause(new Error(message))).toMatch(/^Error at log-events\.test\.ts:\d+$/)
    }
  })
})

function thrownBy(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('a flood of lines', () => {
  const cut: LogEvent = { event: 'answer-cut', cause: 'Error' }

  test('is cut to its bound, and what was dropped is counted', () => {
    const flood = new Array<LogEvent>(5000).fill(cut)
    const lines = logged([...flood, { event: 'server-closed' }], 10)
    // Ten seconds at once, and five seconds of ten.
    expect(lines.length).toBeLessThan(160)
    const dropped = lines.filter(({ event }) => event === 'log-lines-dropped')
    const written = lines.filter(({ event }) => event === 'answer-cut').length
    expect(dropped.reduce((sum, { lines }) => sum + Number(lines), written)).toBe(5000)
    expect(lines.at(-1)).toMatchObject({ event: 'server-closed' })
  })

  test('keeps no line of ordinary traffic away', () => {
    expect(logged(new Array<LogEvent>(90).fill(cut), 10)).toHaveLength(90)
  })
})

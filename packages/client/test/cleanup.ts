import { afterEach } from 'vitest'

/** What a test opened is closed after it, last first. */
export interface Closable {
  close(): Promise<void>
}

/** Call at the top of a file; give it each thing that must be closed. */
export function keeper(): <T extends Closable>(resource: T) => T {
  const open: Closable[] = []
  afterEach(async () => {
    for (const resource of open.splice(0).reverse()) await resource.close()
  })
  return (resource) => {
    open.push(resource)
    return resource
  }
}

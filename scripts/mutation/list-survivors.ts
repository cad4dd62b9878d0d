/** `npm run mutation:survivors`: the mutants that no test noticed and that have no reason, one a line; words narrow the files. */
import { readResults } from './results.ts'

const words = process.argv.slice(2)
for (const [file, { survivors }] of Object.entries(readResults())) {
  if (words.length > 0 && !words.some((word) => file.includes(word))) continue
  for (const { line, mutator, from, to, reason } of survivors) {
    if (reason === undefined) console.log(`${file}:${line} ${mutator}: ${from} => ${to}`)
  }
}

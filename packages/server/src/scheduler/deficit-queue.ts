import type { Ahead, JobQueue, QueuedJob, Verdict } from './job-queue.ts'

/** Engine time that each tenant may use in a round: less than any job takes, so that tenants alternate after each. */
const QUANTUM_MS = 0.01

interface Account<Job> {
  /** In the order of service. */
  readonly jobs: Job[]
  waitingMs: number
  /** Engine time that the tenant may still use in this round; negative when it has used some of later ones. */
  balanceMs: number
}

/**
 * Deficit round robin over tenants by engine time, in its surplus form: who has any balance left is served, and what the
 * job took beyond it is owed in later rounds. So a tenant with few long jobs and one with many short ones get the same
 * engine time, whatever was expected of the jobs: what they took is settled afterwards. Within a tenant the order is
 * priority, then earliest deadline, then first come.
 *
 * Of two tenants that could always be served since nobody owed anything, neither has been given more than the other by
 * more than a round and the longest job. A tenant whose jobs all wait for engines gathers no more than a round.
 *
 * Source: M. Shreedhar, G. Varghese, "Efficient Fair Queuing using Deficit Round Robin" (1995); the surplus form:
 * H. Adiseshu, G. Parulkar, G. Varghese, "A Reliable and Scalable Striping Protocol" (1996), section 3.
 */
export class DeficitQueue<Job extends QueuedJob> implements JobQueue<Job> {
  /** In the order of turns: a `Map` remembers insertion, and whose turn is over is inserted anew. */
  readonly #accounts: Map<string, Account<Job>> = new Map()
  /** Taken, and charged as they were expected to cost. */
  readonly #unsettled: Set<Job> = new Set()
  #size = 0

  get size(): number {
    return this.#size
  }

  sizeOf(tenant: string): number {
    return this.#accounts.get(tenant)?.jobs.length ?? 0
  }

  add(job: Job): void {
    const account = this.#account(job.tenant)
    account.jobs.splice(placeOf(job, account.jobs), 0, job)
    account.waitingMs += job.costMs
    this.#size++
  }

  remove(job: Job): boolean {
    const account = this.#accounts.get(job.tenant)
    const at = account?.jobs.indexOf(job) ?? -1
    if (account === undefined || at < 0) return false
    account.jobs.splice(at, 1)
    account.waitingMs = account.jobs.length === 0 ? 0 : account.waitingMs - job.costMs
    this.#size--
    this.#tidy(job.tenant, account)
    return true
  }

  removeAll(matches: (job: Job) => boolean): Job[] {
    const removed: Job[] = []
    for (const { jobs } of this.#accounts.values()) removed.push(...jobs.filter(matches))
    for (const job of removed) this.remove(job)
    return removed
  }

  next(decide: (job: Job) => Verdict): { readonly job: Job; readonly verdict: 'run' | 'start' } | undefined {
    let best: { readonly rounds: number; readonly job: Job; readonly verdict: 'run' | 'start' } | undefined
    for (const { jobs, balanceMs } of this.#accounts.values()) {
      const found = firstOf(jobs, decide)
      if (found === undefined) continue
      const rounds = balanceMs > 0 ? 0 : Math.floor(-balanceMs / QUANTUM_MS) + 1
      if (best === undefined || rounds < best.rounds) best = { rounds, ...found }
      if (rounds === 0) break
    }
    if (best === undefined) return undefined
    // Where nobody has anything left, as many rounds go by as the first of them needs.
    const { rounds, job, verdict } = best
    if (rounds > 0) this.#goRounds(rounds)
    if (verdict === 'run') this.#take(job)
    return { job, verdict }
  }

  companions(first: Job, accepts: (job: Job) => boolean): Job[] {
    const own = this.#accounts.get(first.tenant)?.jobs ?? []
    const others = [...this.#accounts].flatMap(([tenant, { jobs }]) => (tenant === first.tenant ? [] : jobs))
    const taken = [...own, ...others].filter((job) => job.pool === first.pool && accepts(job))
    for (const job of taken) this.#take(job)
    return taken
  }

  settle(job: Job, tookMs: number): void {
    // Whose tenant was forgotten is charged to nobody.
    if (!this.#unsettled.delete(job)) return
    const account = this.#account(job.tenant)
    account.balanceMs += chargeFor(job) - tookMs
    this.#endTurn(job.tenant, account)
    this.#tidy(job.tenant, account)
  }

  forgetTenant(tenant: string): void {
    for (const job of this.#unsettled) if (job.tenant === tenant) this.#unsettled.delete(job)
    const account = this.#account(tenant)
    account.balanceMs = 0
    this.#tidy(tenant, account)
  }

  ahead(job: QueuedJob): Ahead {
    const own = this.#accounts.get(job.tenant)
    const jobs = own?.jobs ?? []
    const before = placeOf(job, jobs)
    // The sum over all may be a long one; most jobs come last.
    const ownMs = before === jobs.length ? (own?.waitingMs ?? 0) : costOf(jobs.slice(0, before))
    const lead = ownMs - (own?.balanceMs ?? 0)
    let [othersMs, othersFirstMs] = [0, 0]
    for (const account of this.#accounts.values()) {
      if (account === own) continue
      const first = account.balanceMs + QUANTUM_MS
      othersMs += servedFor(first + lead, account.jobs)
      othersFirstMs += servedFor(first, account.jobs)
    }
    return { ownMs, othersMs, othersFirstMs }
  }

  #take(job: Job): void {
    const account = this.#account(job.tenant)
    account.balanceMs -= chargeFor(job)
    this.#unsettled.add(job)
    this.#endTurn(job.tenant, account)
    this.remove(job)
  }

  #endTurn(tenant: string, account: Account<Job>): void {
    if (account.balanceMs > 0) return
    this.#accounts.delete(tenant)
    this.#accounts.set(tenant, account)
  }

  #goRounds(rounds: number): void {
    for (const [tenant, account] of this.#accounts) {
      account.balanceMs = Math.max(account.balanceMs, Math.min(QUANTUM_MS, account.balanceMs + rounds * QUANTUM_MS))
      this.#tidy(tenant, account)
    }
  }

  #account(tenant: string): Account<Job> {
    const account = this.#accounts.get(tenant) ?? { jobs: [], waitingMs: 0, balanceMs: 0 }
    this.#accounts.set(tenant, account)
    return account
  }

  /** Who has nothing to be served keeps no balance for later, only what it owes; and with nobody here, nobody owes. */
  #tidy(tenant: string, account: Account<Job>): void {
    if (this.#size + this.#unsettled.size === 0) this.#accounts.clear()
    else if (account.jobs.length === 0 && account.balanceMs >= 0) this.#accounts.delete(tenant)
  }
}

/** The first job that does not wait. Where one job of a pool waits, all of them do. */
function firstOf<Job extends QueuedJob>(
  jobs: readonly Job[],
  decide: (job: Job) => Verdict,
): { readonly job: Job; readonly verdict: 'run' | 'start' } | undefined {
  const waiting = new Set<string>()
  for (const job of jobs) {
    if (waiting.has(job.pool)) continue
    const verdict = decide(job)
    if (verdict !== 'wait') return { job, verdict }
    waiting.add(job.pool)
  }
  return undefined
}

/** Where a job belongs: behind all that are served no later. */
function placeOf(job: QueuedJob, jobs: readonly QueuedJob[]): number {
  let [low, high] = [0, jobs.length]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const other = jobs[middle]
    if (other !== undefined && isBefore(job, other)) high = middle
    else low = middle + 1
  }
  return low
}

function isBefore(job: QueuedJob, other: QueuedJob): boolean {
  if (job.priority !== other.priority) return job.priority < other.priority
  return job.deadlineAtMs < other.deadlineAtMs
}

/** What a tenant is given that may use so much: the last job is begun with whatever is left. */
function servedFor(balanceMs: number, jobs: readonly QueuedJob[]): number {
  let servedMs = 0
  for (const job of jobs) {
    if (servedMs >= balanceMs) break
    servedMs += chargeFor(job)
  }
  return servedMs
}

/** What a job is taken to cost until it is settled: one that nothing is known of ends its tenant's turn too. */
function chargeFor({ costMs }: QueuedJob): number {
  return Math.max(costMs, QUANTUM_MS)
}

function costOf(jobs: readonly QueuedJob[]): number {
  return jobs.reduce((sum, job) => sum + job.costMs, 0)
}

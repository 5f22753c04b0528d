/** What is simulated. */
export interface SimulationOptions {
  /** At once, on the mean. */
  readonly calls: number;
  readonly meanCallSeconds: number;
  readonly turnsPerCall: number;
  readonly replicas: number;
  /** Each turn goes to the next replica; or all turns of a call to one that is drawn for it, as a hash does. */
  readonly balancing: 'round-robin' | 'hash';
  /** Of time that is looked at, after what it takes until the begin is forgotten. */
  readonly seconds: number;
  /** When one of them dies, counted from there; absent: none does. */
  readonly deathAtSecond?: number;
  readonly seed: number;
}

/** What it showed. */
export interface SimulationFigures {
  /** Calls at a replica: each replica that is alive, each second. */
  readonly callsAtReplica: readonly number[];
  /** The same for the ten seconds that follow the death. */
  readonly callsAfterDeath: readonly number[];
  /** Calls whose turn was under way at the one that died. */
  readonly movedCalls: number;
  /** Claims, releases, ends and heartbeats of each second. */
  readonly questionsPerSecond: readonly number[];
  /** The most that each replica that lives on was given of what the other lost, in that second. */
  readonly mostMovedToOne: number;
  /** Calls at once, each second. */
  readonly calls: readonly number[];
}

const TICKS_PER_SECOND = 10;
const AFTER_DEATH_SECONDS = 10;
/** Mean turns after which nobody knows how the first ones were spread. */
const TURNS_TO_FORGET = 4;
const NONE = -1;

/**
 * Lets calls come at random (Poisson), each with turns of random length (exponential) and a random number of them (geometric), one after another
 * without a gap, as many as there are on the mean to begin with; time goes in steps of a tenth of a second. The next turn of a call is claimed
 * when it begins and released when it ends. Callers of a replica that dies begin their turn anew at others within a second.
 */
export function simulate(options: SimulationOptions): SimulationFigures {
  const { replicas, seconds, turnsPerCall, meanCallSeconds } = options;
  const random = createRandom(options.seed);
  const unseenSeconds = Math.ceil((TURNS_TO_FORGET * meanCallSeconds) / turnsPerCall);
  const ticks = (unseenSeconds + seconds + 1) * TICKS_PER_SECOND;
  const turnTicks = (meanCallSeconds / turnsPerCall) * TICKS_PER_SECOND;
  const arrivalsPerTick = options.calls / meanCallSeconds / TICKS_PER_SECOND;
  // Turns that end in a tick are a list of calls: the first, and from each to the next.
  const firstAt = new Int32Array(ticks).fill(NONE);
  const room = Math.ceil(options.calls * 1.2 + 1_000);
  const nextOf = new Int32Array(room);
  const replicaOf = new Int32Array(room);
  const freeSlots: number[] = [];
  const count = new Int32Array(replicas);
  let used = 0;
  let dead = NONE;
  let turn = 0;
  let questions = 0;
  let calls = 0;

  const nextReplica = (): number => {
    do {
      turn = options.balancing === 'hash' ? Math.floor(random() * replicas) : (turn + 1) % replicas;
    } while (turn === dead);
    return turn;
  };
  /** Beyond the end of the time nobody looks. */
  const endAt = (slot: number, tick: number): void => {
    if (tick >= ticks) return;
    nextOf[slot] = firstAt[tick] ?? NONE;
    firstAt[tick] = slot;
  };
  const begin = (slot: number, now: number, replica: number): void => {
    replicaOf[slot] = replica;
    count[replica] = (count[replica] ?? 0) + 1;
    questions += 1;
    endAt(slot, now + Math.max(1, Math.round(-Math.log(1 - random()) * turnTicks)));
  };
  const arrive = (now: number): void => {
    const slot = freeSlots.pop() ?? used++;
    if (slot >= room) throw new RangeError('more calls than there is room for');
    calls += 1;
    begin(slot, now, nextReplica());
  };
  const finish = (slot: number, now: number): void => {
    const replica = replicaOf[slot] ?? 0;
    count[replica] = (count[replica] ?? 0) - 1;
    questions += 1;
    if (random() * turnsPerCall < 1) {
      questions += 1;
      calls -= 1;
      replicaOf[slot] = NONE;
      freeSlots.push(slot);
    } else {
      const isMoving = options.balancing === 'round-robin' || replica === dead;
      begin(slot, now, isMoving ? nextReplica() : replica);
    }
  };

  while (used < options.calls) arrive(0);
  const figures = {
    callsAtReplica: [] as number[],
    callsAfterDeath: [] as number[],
    questionsPerSecond: [] as number[],
    calls: [] as number[],
  };
  let movedCalls = 0;
  let mostMovedToOne = 0;
  questions = 0;
  for (let tick = 1; tick < ticks; tick += 1) {
    let slot = firstAt[tick] ?? NONE;
    while (slot !== NONE) {
      const next = nextOf[slot] ?? NONE;
      finish(slot, tick);
      slot = next;
    }
    for (let more = poisson(arrivalsPerTick, random); more > 0; more -= 1) arrive(tick);
    if (tick % TICKS_PER_SECOND !== 0) continue;
    const second = tick / TICKS_PER_SECOND - unseenSeconds;
    if (second < 0) {
      questions = 0;
      continue;
    }
    if (second === options.deathAtSecond) {
      dead = 0;
      const lost = count[dead] ?? 0;
      const before = count.slice();
      movedCalls = lost;
      // Their ends stand in the lists; only where they are changes, and each is claimed once more.
      for (let one = 0; one < used; one += 1)
        if (replicaOf[one] === dead) replicaOf[one] = moveOne(count, nextReplica());
      count[dead] = 0;
      questions += lost;
      mostMovedToOne = count.reduce(
        (most, held, replica) => Math.max(most, held - (before[replica] ?? 0)),
        0,
      );
    }
    const isAfter =
      options.deathAtSecond !== undefined &&
      second >= options.deathAtSecond &&
      second < options.deathAtSecond + AFTER_DEATH_SECONDS;
    for (let replica = 0; replica < replicas; replica += 1) {
      if (replica === dead) continue;
      const held = count[replica] ?? 0;
      if (dead === NONE) figures.callsAtReplica.push(held);
      if (isAfter) figures.callsAfterDeath.push(held);
    }
    figures.questionsPerSecond.push(questions + (dead === NONE ? replicas : replicas - 1));
    figures.calls.push(calls);
    questions = 0;
  }
  return { ...figures, movedCalls, mostMovedToOne };
}

function moveOne(count: Int32Array, replica: number): number {
  count[replica] = (count[replica] ?? 0) + 1;
  return replica;
}

/** Numbers from 0 to 1 that are the same for the same seed: mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How many of something that comes at random come, with this mean; above 50 by the normal distribution. */
function poisson(mean: number, random: () => number): number {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const limit = Math.exp(-mean);
  let count = 0;
  for (let left = random(); left > limit; left *= random()) count += 1;
  return count;
}

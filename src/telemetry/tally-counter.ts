import { Counter, type Registry } from 'prom-client';

/** What a {@link TallyCounter} counts, and where it is shown. */
interface TallyCounterOptions<Name extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Name[];
  readonly registers: Registry[];
}

/** How often something happened, for one value of each label so far. */
interface Node {
  readonly labels: Readonly<Record<string, string>>;
  readonly byNext: Map<string, Node>;
  count: number;
}

/**
 * A counter of what happens in every call. It counts in plain numbers, and tells prom-client when somebody asks, which saves
 * making and looking up a name for each set of labels every time.
 *
 * Holds every set of labels that was ever counted: they must be closed sets. Hot shared state, hence a class.
 */
export class TallyCounter<Name extends string> {
  readonly #counter: Counter<Name>;
  readonly #names: readonly Name[];
  readonly #root: Node = { labels: {}, byNext: new Map(), count: 0 };
  /** Those with a value for each label. */
  readonly #leaves: Node[] = [];

  constructor(options: TallyCounterOptions<Name>) {
    const leaves = this.#leaves;
    this.#names = options.labelNames;
    if (this.#names.length === 0) leaves.push(this.#root);
    this.#counter = new Counter({
      ...options,
      collect() {
        this.reset();
        // A leaf has a value for each name.
        for (const { labels, count } of leaves) this.inc(labels as Record<Name, string>, count);
      },
    });
  }

  /** Counts `by` more, one by default. @param labels A value for each label; nothing for a counter without. */
  inc(
    ...[labels, by = 1]: [Name] extends [never]
      ? []
      : [labels: Readonly<Record<Name, string>>, by?: number]
  ): void {
    let node = this.#root;
    if (labels !== undefined)
      for (const name of this.#names) {
        const value = labels[name];
        node = node.byNext.get(value) ?? this.#add(node, name, value);
      }
    node.count += by;
  }

  /** Reads it, as prom-client does. */
  get(): ReturnType<Counter<Name>['get']> {
    return this.#counter.get();
  }

  #add(node: Node, name: Name, value: string): Node {
    const labels = { ...node.labels, [name]: value };
    const added = { labels, byNext: new Map<string, Node>(), count: 0 };
    node.byNext.set(value, added);
    if (Object.keys(labels).length === this.#names.length) this.#leaves.push(added);
    return added;
  }
}

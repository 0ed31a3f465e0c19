// SPDX-License-Identifier: Apache-2.0

internal import CKernels.Internal
internal import PrimalityPool
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What threads share in ``Contention``.
protocol SharedThing: Sendable {
    /// How many threads there are.
    var threads: Int { get }

    /// So many operations are done between two looks at the clock.
    static var burst: Int { get }

    /// One operation, by one of the threads; `item` is how many it did before. What it took out.
    func operate(_ thread: Int, _ item: Int) -> Int

    /// What so many operations of one thread have put in.
    static func put(by operations: Int) -> Int

    /// What is in it at the end.
    func rest() -> Int

    /// The threads are gone.
    func end()
}

extension SharedThing {
    static var burst: Int { 16 }
    func end() {}
}

// MARK: - A counter

/// To which each operation adds 1.
protocol SharedCounter: SharedThing {
    func add(_ thread: Int)
}

extension SharedCounter {
    func operate(_ thread: Int, _ item: Int) -> Int {
        add(thread)
        return 0
    }

    static func put(by operations: Int) -> Int { operations }
}

final class LockedCounter: SharedCounter {
    let threads: Int
    private let value = Sleeping(0)

    init(_ threads: Int) { self.threads = threads }

    func add(_ thread: Int) { value.withLock { $0 += 1 } }

    func rest() -> Int { value.withLock { $0 } }
}

final class SpinCounter: SharedCounter {
    let threads: Int
    private let value = Spinning(0)

    init(_ threads: Int) { self.threads = threads }

    func add(_ thread: Int) { value.withLock { $0 += 1 } }

    func rest() -> Int { value.withLock { $0 } }
}

final class AtomicCounter: SharedCounter {
    let threads: Int
    private let value = Atomic(0)

    init(_ threads: Int) { self.threads = threads }

    func add(_ thread: Int) { value.wrappingAdd(1, ordering: .relaxed) }

    func rest() -> Int { value.load(ordering: .relaxed) }
}

final class ShardedCounter: SharedCounter {
    /// On lines of its own: two, since processors fetch lines in pairs.
    private struct Shard: ~Copyable {
        let before: InlineArray<15, Int> = InlineArray(repeating: 0)
        let value = Atomic(0)
    }

    let threads: Int
    private let shards: Lines<Shard>

    init(_ threads: Int) {
        self.threads = threads
        shards = Lines(threads) { _ in Shard() }
    }

    func add(_ thread: Int) {
        // Nobody else writes it.
        let value = shards[thread].value.load(ordering: .relaxed)
        shards[thread].value.store(value &+ 1, ordering: .relaxed)
    }

    func rest() -> Int {
        (0..<threads).reduce(0) { $0 + shards[$1].value.load(ordering: .relaxed) }
    }
}

/// A counter that belongs to a thread of its own.
final class CounterOwner: SharedCounter {
    static var burst: Int { 1 }

    let threads: Int
    private let value = Monitor(0)
    private let owner: Owner<Int, Void>

    init(_ threads: Int) throws(PoolError) {
        self.threads = threads
        let value = value
        owner = try Owner(threads) { one in value.withLock { $0 += one } }
    }

    func add(_ thread: Int) { owner.ask(1, thread) }

    func rest() -> Int { value.withLock { $0 } }

    func end() { owner.end() }
}

// MARK: - A queue

/// Into which each operation puts an item, and takes one out: there always is one, since who takes has put
/// one in before.
protocol SharedQueue: SharedThing {
    func put(_ item: Int, _ thread: Int)
    func take(_ thread: Int) -> Int?
}

extension SharedQueue {
    func operate(_ thread: Int, _ item: Int) -> Int {
        put(item, thread)
        while true {
            if let taken = take(thread) { return taken }
            prk_relax()
        }
    }

    static func put(by operations: Int) -> Int { operations &* (operations &- 1) / 2 }

    func rest() -> Int {
        var sum = 0
        for thread in 0..<threads {
            while let item = take(thread) { sum &+= item }
        }
        return sum
    }
}

final class LockedQueue: SharedQueue {
    let threads: Int
    private let items: Sleeping<Items>

    init(_ threads: Int) {
        self.threads = threads
        items = Sleeping(Items(threads))
    }

    func put(_ item: Int, _ thread: Int) { items.withLock { $0.append(item) } }

    func take(_ thread: Int) -> Int? { items.withLock { $0.popFirst() } }
}

final class SpinQueue: SharedQueue {
    let threads: Int
    private let items: Spinning<Items>

    init(_ threads: Int) {
        self.threads = threads
        items = Spinning(Items(threads))
    }

    func put(_ item: Int, _ thread: Int) { items.withLock { $0.append(item) } }

    func take(_ thread: Int) -> Int? { items.withLock { $0.popFirst() } }
}

/// A ring of slots, each with the number of the turn that may use it [Vyukov].
///
/// A slot whose number is a put's turn is free for it, and one more is full for the take of that turn, who
/// makes it free for the put one round later.
final class RingQueue: SharedQueue {
    private struct Slot: ~Copyable {
        let turn: Atomic<Int>
        let item = Atomic(0)
    }

    let threads: Int
    private let slots: Lines<Slot>
    private let mask: Int
    private let puts = Atomic(0)
    // On another line than `puts`.
    private let between: InlineArray<16, Int> = InlineArray(repeating: 0)
    private let takes = Atomic(0)

    /// Room for one item a thread, and more.
    init(_ threads: Int) {
        self.threads = threads
        var size = 64
        while size < 2 * threads { size *= 2 }
        mask = size - 1
        slots = Lines(size) { Slot(turn: Atomic($0)) }
    }

    func put(_ item: Int, _ thread: Int) {
        while true {
            let turn = puts.load(ordering: .relaxed)
            let ahead = slots[turn & mask].turn.load(ordering: .acquiring) - turn
            if ahead == 0, claim(puts, turn) {
                slots[turn & mask].item.store(item, ordering: .relaxed)
                slots[turn & mask].turn.store(turn + 1, ordering: .releasing)
                return
            }
            prk_relax()
        }
    }

    func take(_ thread: Int) -> Int? {
        while true {
            let turn = takes.load(ordering: .relaxed)
            let ahead = slots[turn & mask].turn.load(ordering: .acquiring) - (turn + 1)
            if ahead < 0 { return nil }
            if ahead == 0, claim(takes, turn) {
                let item = slots[turn & mask].item.load(ordering: .relaxed)
                slots[turn & mask].turn.store(turn + mask + 1, ordering: .releasing)
                return item
            }
            prk_relax()
        }
    }

    private func claim(_ turns: borrowing Atomic<Int>, _ turn: Int) -> Bool {
        turns.weakCompareExchange(expected: turn, desired: turn + 1, ordering: .relaxed).exchanged
    }
}

/// A queue for each thread, which would look at the others' only when its own is empty.
final class ShardedQueue: SharedQueue {
    let threads: Int
    private let shards: [Sleeping<Items>]

    init(_ threads: Int) {
        self.threads = threads
        // Rings that are large, so that two of them share a line at their ends alone.
        shards = (0..<threads).map { _ in Sleeping(Items(64)) }
    }

    func put(_ item: Int, _ thread: Int) { shards[thread].withLock { $0.append(item) } }

    func take(_ thread: Int) -> Int? {
        for i in 0..<threads {
            let item = shards[(thread + i) % threads].withLock { $0.popFirst() }
            if let item { return item }
        }
        return nil
    }
}

/// A queue that belongs to a thread of its own.
final class QueueOwner: SharedQueue {
    private enum Wish: Sendable {
        case put(Int)
        case take
    }

    static var burst: Int { 1 }

    let threads: Int
    private let owner: Owner<Wish, Int?>

    init(_ threads: Int) throws(PoolError) {
        self.threads = threads
        let items = Sleeping(Items(threads))
        owner = try Owner(threads) { wish in
            switch wish {
            case .put(let item):
                items.withLock { $0.append(item) }
                return nil
            case .take: return items.withLock { $0.popFirst() }
            }
        }
    }

    func put(_ item: Int, _ thread: Int) { _ = owner.ask(.put(item), thread) }

    func take(_ thread: Int) -> Int? { owner.ask(.take, thread) }

    func end() { owner.end() }
}

// MARK: - What they are made of

// In this module, so that the compiler sees through them: what is measured are the locks, not calls.

/// A queue in a ring, for one thread at a time.
private struct Items {
    private var ring: [Int]
    private var first = 0
    private var next = 0

    /// A queue that never holds more than so many.
    init(_ most: Int) {
        var size = 1
        while size < most { size *= 2 }
        ring = [Int](repeating: 0, count: size)
    }

    mutating func append(_ item: Int) {
        ring[next & (ring.count - 1)] = item
        next += 1
    }

    mutating func popFirst() -> Int? {
        if first == next { return nil }
        defer { first += 1 }
        return ring[first & (ring.count - 1)]
    }
}

/// A state behind pthread's mutex, at which threads sleep.
///
/// Both lie on lines of their own.
///
/// `Sendable` because the state is only reached with the lock held.
@safe private final class Sleeping<State>: @unchecked Sendable {
    @safe private struct Content {
        var mutex = unsafe pthread_mutex_t()
        var state: State
    }

    private let content: UnsafeMutablePointer<Content>

    init(_ state: State) {
        // Processors fetch lines of 64 bytes in pairs.
        unsafe content = UnsafeMutableRawPointer.allocate(
            byteCount: (MemoryLayout<Content>.size + 127) / 128 * 128, alignment: 128
        ).initializeMemory(as: Content.self, to: Content(state: state))
        // It cannot fail with default attributes on Linux.
        unsafe pthread_mutex_init(&content.pointee.mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(&content.pointee.mutex)
        unsafe content.deinitialize(count: 1)
        unsafe content.deallocate()
    }

    func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(&content.pointee.mutex)
        defer { unsafe pthread_mutex_unlock(&content.pointee.mutex) }
        return unsafe body(&content.pointee.state)
    }
}

/// A state behind a lock at which threads spin, looking before they try.
///
/// `Sendable` because the state is only reached with the lock held.
private final class Spinning<State>: @unchecked Sendable {
    private let isHeld = Atomic(false)
    private var state: State

    init(_ state: State) { self.state = state }

    func withLock<Result>(_ body: (inout State) -> Result) -> Result {
        while isHeld.exchange(true, ordering: .acquiring) {
            while isHeld.load(ordering: .relaxed) { prk_relax() }
        }
        defer { isHeld.store(false, ordering: .releasing) }
        return body(&state)
    }
}

/// A thread that does what others ask for in messages, one after the other, and answers each.
private final class Owner<Question: Sendable, Answer: Sendable>: Sendable {
    private let questions = BlockingQueue<(question: Question, from: Int)>()
    private let answers: [BlockingQueue<Answer>]
    private let thread: WorkerThread

    init(
        _ threads: Int, _ body: @escaping @Sendable (Question) -> Answer
    ) throws(PoolError) {
        let answers = (0..<threads).map { _ in BlockingQueue<Answer>() }
        let questions = questions
        thread = try WorkerThread(name: "prk-owner") {
            while let (question, from) = questions.pop() { answers[from].push(body(question)) }
        }
        self.answers = answers
    }

    func ask(_ question: Question, _ thread: Int) -> Answer {
        questions.push((question, thread))
        // The queue of answers never ends.
        guard let answer = answers[thread].pop() else { fatalError("an owner answers") }
        return answer
    }

    func end() {
        questions.end()
        thread.join()
    }
}

/// A fixed number of things in memory that cannot be copied.
///
/// `Sendable` when the things are: it is never changed itself.
@safe private final class Lines<Thing: ~Copyable & Sendable>: @unchecked Sendable {
    private let things: UnsafeMutablePointer<Thing>
    private let count: Int

    init(_ count: Int, _ make: (Int) -> Thing) {
        unsafe things = .allocate(capacity: count)
        self.count = count
        for i in 0..<count { unsafe (things + i).initialize(to: make(i)) }
    }

    deinit {
        unsafe things.deinitialize(count: count)
        unsafe things.deallocate()
    }

    subscript(place: Int) -> Thing {
        _read {
            precondition(place >= 0 && place < count, "out of bounds")
            yield unsafe things[place]
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import CKernels.Internal
internal import CPool
internal import Primality

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension ProcessPool {
    /// Prepares for worker processes that run Swift: to be called first thing in the program's main
    /// function, before anything starts a thread or a task.
    ///
    /// In a worker of kind ``WorkerKind/exec`` this does not return.
    ///
    /// - Parameters:
    ///   - tasks: What workers may run beside the engines. They see nothing that happens to the program's
    ///     variables afterwards.
    ///   - withNursery: Whether workers of kind ``WorkerKind/swift`` are wanted. Their nursery is a process
    ///     that lives as long as the calling thread.
    /// - Throws: ``PoolError/tooLate(threads:)`` when the process has other threads already,
    ///   ``PoolError/system(call:error:)`` when it cannot be forked.
    public static func bootstrap(
        tasks: [WorkerTask] = [], withNursery: Bool = true
    ) throws(PoolError) {
        registry.withLock { $0.tasks = tasks }
        unsafe prk_worker_adopt(workerMain)
        var nursery: OpaquePointer?
        if withNursery {
            let threads = threadCount()
            if threads != 1 { throw .tooLate(threads: threads) }
            unsafe nursery = prk_nursery_create(workerMain)
            if unsafe nursery == nil { throw .system(call: "fork", error: errno) }
        }
        registry.withLock {
            $0.isBootstrapped = true
            unsafe $0.nursery = nursery
        }
    }
}

/// What ``ProcessPool/bootstrap(tasks:withNursery:)`` left in this process, and in those that come of it.
@safe private struct Registry {
    var tasks: [WorkerTask] = []
    var isBootstrapped = false
    /// For the program's life.
    var nursery: OpaquePointer?

    init() { unsafe nursery = nil }
}

private let registry = Monitor(Registry())

private func threadCount() -> Int {
    // Threads: 1
    guard let status = unsafe fopen("/proc/self/status", "re") else { return 0 }
    defer { unsafe fclose(status) }
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, Int32(line.count), status) != nil {
        let bytes = line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        let text = String(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("Threads:") {
            return Int(text.dropFirst(8).filter(\.isNumber)) ?? 0
        }
    }
    return 0
}

/// Makes worker processes, and tells those that stay what comes next.
@safe struct WorkerMaker {
    private let kind: WorkerKind
    private let channel: ProcessChannel
    private let stays: Bool
    private let kernelTask: KernelTask?
    private var setup: prk_worker_setup

    /// Throws when such workers cannot be had here.
    init(_ pool: ProcessPool, stays: Bool) throws(PoolError) {
        kind = pool.workerKind
        channel = pool.channel
        self.stays = stays
        kernelTask = pool.kernelTask
        var setup = unsafe prk_worker_setup()
        unsafe setup.channel = pool.channel.kernelChannel
        unsafe setup.owner = getpid()
        unsafe write(Engine.auto.rawValue, to: &setup.engine)
        unsafe write(pool.task ?? "", to: &setup.task)
        unsafe self.setup = unsafe setup
        if kind == .kernel {
            if let task = pool.task { throw .unknownTask(task) }
            // What an engine needs of Swift's runtime is to be there before the fork.
            for engine in stays ? Engine.allCases : [] {
                _ = unsafe engine.job(options: TestOptions(), cancel: nil, wantsReports: false)
            }
            return
        }
        let found = registry.withLock { $0 }
        let hasNursery = unsafe found.nursery != nil
        if !found.isBootstrapped || kind == .swift && !hasNursery {
            throw .notBootstrapped(kind)
        }
        if let task = pool.task, !found.tasks.contains(where: { $0.name == task }) {
            throw .unknownTask(task)
        }
    }

    /// Sets the job of the workers that are made or told from now on.
    ///
    /// - Parameters:
    ///   - job: What is done with the numbers.
    ///   - wordEngine: Tests in the place of the job's engine, unless it is `nil`.
    ///   - measures: Whether the CPU time of requests is wanted.
    mutating func prepare(_ job: PoolRun, wordEngine: prk_word_engine?, measures: Bool) {
        unsafe setup.job = unsafe job.engine.job(
            options: job.options, cancel: job.cancel, wantsReports: job.wantsReports)
        // Who was forked before does not have that memory.
        if stays || kind != .kernel { unsafe setup.job.options.long_tests = nil }
        if let wordEngine = unsafe wordEngine { unsafe setup.job.word_engine = unsafe wordEngine }
        if let kernelTask {
            unsafe setup.job.task = kernelTask.function
            unsafe setup.job.task_context = kernelTask.context
        }
        unsafe setup.job.wants_cpu_time = measures
        unsafe write(job.engine.rawValue, to: &setup.engine)
    }

    /// Tells a worker that stays, and holds nothing, the job.
    func tell(_ handle: OpaquePointer) {
        unsafe withUnsafePointer(to: setup) { unsafe prk_worker_tell(handle, $0) }
    }

    /// A new worker in C, which knows the job, or `nil` with `errno` set.
    func make() -> OpaquePointer? {
        unsafe withUnsafePointer(to: setup) { setup in
            switch kind {
            case .kernel:
                // The child gets its copy of the job, and never returns from the call.
                return unsafe withUnsafePointer(to: setup.pointee.job) { job in
                    let channel = channel.kernelChannel
                    return unsafe stays
                        ? prk_worker_create_to_stay(channel, job) : prk_worker_create(channel, job)
                }
            case .swift:
                // One at a time: the nursery answers in the order of the questions.
                return unsafe registry.withLock { found in
                    unsafe HandedOver(prk_worker_create_in(found.nursery, setup))
                }.value
            case .exec: return unsafe prk_worker_spawn(setup)
            }
        }
    }

    /// Waits for a worker's end, as `prk_worker_reap`.
    func reap(_ handle: OpaquePointer, _ signal: inout Int32) -> Int32 {
        if kind != .swift { return unsafe prk_worker_reap(handle, &signal) }
        let (status, by) = registry.withLock { _ in
            var signal: Int32 = 0
            let status = unsafe prk_worker_reap(handle, &signal)
            return (status, signal)
        }
        signal = by
        return status
    }
}

/// Writes a text as a C string; there is room for it.
private func write<Room>(_ text: String, to room: inout Room) {
    unsafe withUnsafeMutableBytes(of: &room) { room in
        let bytes = Array(text.utf8.prefix(room.count - 1)) + [0]
        unsafe room.copyBytes(from: bytes)
    }
}

private func string<Room>(_ room: Room) -> String {
    unsafe withUnsafeBytes(of: room) { room in
        unsafe String(decoding: room.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// The life of a worker that runs Swift.
private let workerMain: prk_worker_main = { setup, end in
    guard let end = unsafe end else { return }
    var job = unsafe KernelJob()
    if unsafe !resolve(setup, &job) { return }
    unsafe job.options.cancel = unsafe prk_worker_cancel_flag(end)
    unsafe prk_worker_serve(end, &job, resolve)
}

/// The job that a setup stands for, in a worker that runs Swift.
private let resolve: prk_worker_resolve = { setup, job in
    guard let setup = unsafe setup?.pointee, let job = unsafe job,
        let engine = unsafe Engine(rawValue: string(setup.engine))
    else { return false }
    let options = unsafe TestOptions(
        rounds: Int(setup.job.options.rounds), seed: setup.job.options.seed,
        wantsResidue: setup.job.options.want_residue, proofCost: setup.job.proof_cost,
        proofBits: Int(clamping: setup.job.proof_bits))
    var next = unsafe engine.job(
        options: options, cancel: nil, wantsReports: setup.job.wants_reports)
    unsafe next.wants_cpu_time = unsafe setup.job.wants_cpu_time
    // A worker has one task, for the process's life.
    unsafe next.task = unsafe job.pointee.task
    unsafe next.task_context = unsafe job.pointee.task_context
    let name = unsafe string(setup.task)
    let hasTask = unsafe next.task != nil
    if !name.isEmpty && !hasTask {
        guard let task = registry.withLock({ $0.tasks.first { $0.name == name } }) else {
            return false
        }
        unsafe next.task_context = unsafe Unmanaged.passRetained(Body(task)).toOpaque()
        unsafe next.task = unsafe runTask
    }
    unsafe job.pointee = unsafe next
    return true
}

extension WorkerTask.Findings {
    fileprivate var count: Int {
        switch self {
        case .verdicts(let all): all.count
        case .withEvidence(let all): all.count
        }
    }
}

/// Why evidence cannot be sent.
private struct EvidenceProblem: Error, CustomStringConvertible {
    let description: String
}

private func put(_ found: [TaskFinding], into evidence: OpaquePointer?) throws(EvidenceProblem) {
    for (place, one) in found.enumerated() {
        guard let bytes = one.evidence else { continue }
        // It is copied before the call returns.
        let error = unsafe prk_evidence_put(evidence, place, bytes, bytes.count)
        if error == EFBIG {
            let all = found.reduce(0) { $0 + ($1.evidence?.count ?? 0) }
            throw EvidenceProblem(
                description: "\(all) bytes of evidence; a chunk may have \(WorkerTask.mostEvidence)"
            )
        }
        if error != 0 {
            throw EvidenceProblem(
                description: "evidence of \(bytes.count) bytes: \(errorText(error))")
        }
    }
}

private final class Body {
    let task: WorkerTask
    init(_ task: WorkerTask) { self.task = task }
}

private let runTask: prk_worker_task = {
    context, limbs, offsets, forms, count, _, _, verdicts, evidence, text in
    guard let context = unsafe context, let limbs = unsafe limbs, let offsets = unsafe offsets,
        let verdicts = unsafe verdicts, let text = unsafe text
    else { return UInt32(PRK_TASK_FAILED) }
    let body = unsafe Unmanaged<Body>.fromOpaque(context).takeUnretainedValue()
    var problem: String
    do {
        let found = try unsafe body.task.body(
            NumberBatch(copying: limbs, offsets: offsets, forms: forms, count: count))
        if found.count == count {
            switch found {
            case .verdicts(let all):
                for (i, verdict) in all.enumerated() { unsafe verdicts[i] = verdict.rawValue }
            case .withEvidence(let all):
                for (i, one) in all.enumerated() { unsafe verdicts[i] = one.verdict.rawValue }
                try unsafe put(all, into: evidence)
            }
            return 0
        }
        problem = "\(found.count) verdicts on \(count) numbers"
    } catch {
        problem = "\(error)"
    }
    let bytes = Array(problem.utf8.prefix(Int(PRK_WORKER_TEXT) - 1)) + [0]
    for (i, byte) in bytes.enumerated() { unsafe text[i] = CChar(bitPattern: byte) }
    for i in 0..<count { unsafe verdicts[i] = UInt8(KernelVerdict.untested.rawValue) }
    return UInt32(PRK_TASK_FAILED)
}

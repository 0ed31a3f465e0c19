// SPDX-License-Identifier: Apache-2.0

#if SQLite
    internal import CSQLite3
    internal import Primality
    internal import PrimalityRuns

    #if canImport(Glibc)
        internal import Glibc
    #elseif canImport(Musl)
        internal import Musl
    #endif

    /// A queue in a file, for the processes of one host.
    ///
    /// The write-ahead log lets all read while one writes. Its index is shared memory, so hosts cannot share it.
    /// `synchronous=normal`: a loss of power may undo the last transactions, whole ones.
    final class SQLiteStore: QueueStore {
        private let path: String
        private let database: SQLiteDatabase

        private static let now = "((julianday('now') - 2440587.5) * 86400.0)"
        private static let mostLosses = 3

        var name: String { path }

        init(_ path: String, creates: Bool, cancel: CancelFlag) throws(QueueError) {
            self.path = path
            try Self.refuseNetworks(path)
            database = try SQLiteDatabase(path, creates: creates, cancel: cancel)
            for pragma in [
                "journal_mode=wal", "synchronous=normal", "foreign_keys=on", "cache_size=-65536",
            ] { try database.run("pragma \(pragma)") }
            database.waitFairly()
            if !creates { try checkSchema() }
        }

        private func checkSchema() throws(QueueError) {
            var schema = 0
            var version = ""
            try database.run("select schema, version from about") { row in
                schema = row.integer(0)
                version = row.text(1)
            }
            if schema != queueSchema {
                throw .refused(
                    "\(path): the queue was made by primality \(printable(file: version)) and has the form \(schema); this program "
                        + "knows \(queueSchema): use the same version everywhere")
            }
        }

        /// Refuses file systems of several hosts, which cannot share the index of the log.
        private static func refuseNetworks(_ path: String) throws(QueueError) {
            let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
                .joined(separator: "/")
            var system = statfs()
            let place = folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder
            if unsafe statfs(place, &system) != 0 {
                throw .refused("\(printable(file: path)): its folder cannot be looked at")
            }
            let networks: [UInt32: String] = [
                0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB2",
                0x0BD0_0BD0: "Lustre", 0x0102_1997: "9p", 0x6573_5546: "FUSE",
                0x4750_4653: "GPFS", 0x00C3_6400: "Ceph", 0x5346_414F: "AFS",
                0x2003_0528: "OrangeFS", 0x1983_0326: "BeeGFS",
            ]
            if let kind = networks[UInt32(truncatingIfNeeded: system.f_type)] {
                throw .refused(
                    "\(printable(file: path)) is on \(kind). SQLite's log needs memory that all processes share, which hosts "
                        + "cannot: put the file on a local disk, or use PostgreSQL for several hosts"
                )
            }
        }

        func create(_ settings: QueueSettings) throws(QueueError) {
            if !settings.submitters.isEmpty || !settings.workers.isEmpty
                || !settings.readers.isEmpty
            {
                throw .refused(
                    "SQLite has no roles: the rights of the file \(printable(file: path)) decide who may do what"
                )
            }
            var tables = 0
            try database.run("select count(*) from sqlite_master where name = 'about'") {
                tables = $0.integer(0)
            }
            if tables > 0 {
                try checkSchema()
                throw .refused("\(printable(file: path)) has a queue already")
            }
            try database.transaction { () throws(QueueError) in
                try database.script(QueueSQL.sqlite)
                try database.run(
                    "insert into about values (?, ?, ?)",
                    [
                        .integer(queueSchema), .text(BuildInformation.version),
                        .real(settings.lease),
                    ])
            }
        }

        // MARK: Submitting

        func beginBatch(_ batch: BatchDraft) throws(QueueError) -> Int {
            try database.run("begin immediate")
            var taken = false
            try database.run("select 1 from batch where name = ?", [.text(batch.name)]) { _ in
                taken = true
            }
            if taken { throw .refused(QueueText.nameIsTaken(batch.name)) }
            try database.run(
                "insert into batch (name, owner, spec, digest, priority, state, created) values (?, ?, ?, ?, ?, 1, "
                    + Self.now + ")",
                [
                    .text(batch.name), .text(userName), .text(batch.spec.text),
                    // Until it is known.
                    .text("\(getpid()) \(batch.name)"), .integer(batch.priority),
                ])
            return database.lastRow
        }

        func add(_ chunks: [ChunkDraft], to batch: Int) throws(QueueError) {
            for chunk in chunks {
                try database.run(
                    "insert into chunk (batch, no, first, count, cost, payload) values (?, ?, ?, ?, ?, ?)",
                    [
                        .integer(batch), .integer(chunk.number), .integer(chunk.first),
                        .integer(chunk.count), .real(chunk.cost), .blob(chunk.payload),
                    ])
            }
        }

        func endBatch(_ batch: Int, _ end: BatchEnd) throws(QueueError) {
            var other: String?
            try database.run("select name from batch where digest = ?", [.text(end.digest)]) {
                other = $0.text(0)
            }
            if let other { throw .refused(QueueText.isQueued(as: other)) }
            try database.run(
                "update batch set digest = ?, chunks = ?, candidates = ? where id = ?",
                [
                    .text(end.digest), .integer(end.chunks), .integer(end.candidates),
                    .integer(batch),
                ])
            try database.run("commit")
        }

        func abandonBatch() { database.rollback() }

        // MARK: Working

        func renew(
            _ worker: WorkerDescription, _ leases: [LeaseKey], areAll: Bool
        ) throws(QueueError) -> [LeaseKey] {
            try database.transaction { () throws(QueueError) -> [LeaseKey] in
                try database.run(
                    """
                    insert into worker values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \(Self.now), \(Self.now))
                    on conflict (id) do update set seen = \(Self.now)
                    """,
                    [
                        .integer(worker.id), .text(worker.host), .integer(worker.process),
                        .text(worker.version), .text(worker.level), .text(worker.gmp),
                        .integer(worker.cores), .integer(worker.workers), .text(worker.pool),
                    ])
                let wanted = Set(leases)
                var held: Set<LeaseKey> = []
                var returned: [LeaseKey] = []
                try database.run(
                    """
                    select c.batch, c.no, c.attempt, b.state from chunk c join batch b on b.id = c.batch
                    where c.state = 1 and c.worker = ?
                    """, [.integer(worker.id)]
                ) { row in
                    let key = LeaseKey(
                        batch: row.integer(0), chunk: row.integer(1), attempt: row.integer(2))
                    let isWanted = row.integer(3) == BatchStatus.State.open.rawValue
                    if wanted.contains(key) && isWanted {
                        held.insert(key)
                    } else if areAll || wanted.contains(key) {
                        returned.append(key)
                    }
                }
                for key in returned {
                    try database.run(
                        "update chunk set state = 0, worker = null, until = null where batch = ? and no = ?",
                        [.integer(key.batch), .integer(key.chunk)])
                }
                for key in held {
                    try database.run(
                        "update chunk set until = \(Self.now) + (select lease from about) where batch = ? and no = ?",
                        [.integer(key.batch), .integer(key.chunk)])
                }
                return leases.filter { !held.contains($0) }
            }
        }

        func claim(
            _ worker: WorkerDescription, most: Int, hint: LeaseHint?, isFree: Bool
        ) throws(QueueError) -> Claim {
            try database.transaction { () throws(QueueError) -> Claim in
                try database.run(
                    "update worker set seen = \(Self.now) where id = ?", [.integer(worker.id)])
                if database.changes == 0 {
                    throw QueueError(.unknownWorker, "the queue does not know this worker")
                }
                try expire()
                var claim = Claim()
                try database.run("select lease from about") { claim.duration = $0.real(0) }
                var batches: [(id: Int, spec: String)] = []
                try database.run(
                    "select id, spec from batch where state = 1 order by priority desc, id"
                ) { batches.append(($0.integer(0), $0.text(1))) }
                for (id, spec) in batches {
                    var froms = [0]
                    if let hint, hint.batch == id, hint.chunk > 0 { froms = [hint.chunk, 0] }
                    for from in froms where claim.leases.isEmpty {
                        try lease(id, from: from, most: most, worker, &claim)
                    }
                    if claim.leases.isEmpty && isFree {
                        try lease(id, from: 0, most: 1, worker, &claim, isSuspect: true)
                    }
                    if !claim.leases.isEmpty {
                        if hint?.batch != id { claim.describe(spec) }
                        return claim
                    }
                    try database.run(
                        """
                        update batch set state = 4 where id = ?1
                        and not exists (select 1 from chunk where batch = ?1 and state = 0)
                        and not exists (select 1 from chunk where state = 1 and batch = ?1)
                        """, [.integer(id)])
                }
                try database.run("select count(*) from chunk where state = 1") {
                    claim.elsewhere = $0.integer(0)
                }
                return claim
            }
        }

        private func lease(
            _ batch: Int, from: Int, most: Int, _ worker: WorkerDescription, _ claim: inout Claim,
            isSuspect: Bool = false
        ) throws(QueueError) {
            var found: [Lease] = []
            try database.run(
                """
                update chunk set state = 1, attempt = attempt + 1, worker = ?3, until = \(Self.now) + ?4
                where batch = ?1 and no in
                    (select no from chunk where batch = ?1 and state = 0 and no >= ?2
                    and losses \(isSuspect ? ">=" : "<") 2 order by no limit ?5)
                returning no, attempt, first, count, cost, payload
                """,
                [
                    .integer(batch), .integer(from), .integer(worker.id), .real(claim.duration),
                    .integer(most),
                ]
            ) { row in
                found.append(
                    Lease(
                        key: LeaseKey(
                            batch: batch, chunk: row.integer(0), attempt: row.integer(1)),
                        first: row.integer(2), count: row.integer(3),
                        cost: row.real(4), payload: row.bytes(5),
                        isAlone: isSuspect))
            }
            claim.leases = found.sorted { $0.key.chunk < $1.key.chunk }
        }

        /// Takes back what nobody renewed.
        private func expire() throws(QueueError) {
            try database.run(
                """
                update chunk set
                    state = case when losses + 1 >= \(Self.mostLosses) then 3 else 0 end,
                    losses = losses + 1,
                    lost = lost || case lost when '' then '' else ',' end
                        || coalesce((select replace(host, ',', ' ') from worker where id = chunk.worker), '?'),
                    worker = null, until = null
                where state = 1 and until < \(Self.now)
                """)
        }

        func finish(
            _ worker: WorkerDescription, _ results: [FinishedChunk]
        ) throws(QueueError) -> [Bool] {
            try database.transaction { () throws(QueueError) -> [Bool] in
                var stored: [Bool] = []
                for result in results {
                    stored.append(try finish(worker, result))
                }
                return stored
            }
        }

        private func finish(
            _ worker: WorkerDescription, _ result: FinishedChunk
        ) throws(QueueError) -> Bool {
            let key: [SQLiteValue] = [
                .integer(result.key.batch), .integer(result.key.chunk),
                .integer(result.key.attempt), .integer(worker.id),
            ]
            try database.run(
                """
                update chunk set state = 2, until = null where batch = ?1 and no = ?2 and attempt = ?3 and worker = ?4
                and state = 1 and (select state from batch where id = ?1) in (1, 2)
                """, key)
            if database.changes == 0 {
                var isStored = false
                try database.run(
                    "select 1 from result where batch = ? and no = ? and attempt = ? and worker = ?",
                    key
                ) { _ in isStored = true }
                return isStored
            }
            try database.run(
                "insert into result values (?, ?, ?, ?, \(Self.now), ?, ?, ?, ?, ?, ?)",
                key + [
                    .real(result.cost), .integer(result.counts.tested),
                    .integer(result.counts.passed), .integer(result.counts.failed),
                    .integer(result.nanoseconds), .blob(result.payload),
                ])
            return true
        }

        // MARK: Looking

        func batches() throws(QueueError) -> [BatchStatus] {
            var batches: [BatchStatus] = []
            try database.run(
                """
                select b.id, b.name, b.owner, b.state, b.priority, b.spec, b.candidates, b.chunks, b.created,
                    coalesce(c.open, 0), coalesce(c.leased, 0), coalesce(c.done, 0), coalesce(c.failed, 0),
                    coalesce(c.cost, 0),
                    coalesce(r.tested, 0), coalesce(r.passed, 0), coalesce(r.failed, 0), coalesce(r.cpu, 0),
                    coalesce(l.cost, 0), coalesce(l.chunks, 0), min(300.0, max(1.0, \(Self.now) - b.created)),
                    coalesce(s.looked, 0), coalesce(s.disputed, 0)
                from batch b
                left join (select batch, sum(state = 0) as open, sum(state = 1) as leased, sum(state = 2) as done,
                    sum(state = 3) as failed, sum(case when state < 2 then cost else 0 end) as cost
                    from chunk group by batch) c on c.batch = b.id
                left join (select batch, sum(tested) as tested, sum(passed) as passed, sum(failed) as failed,
                    sum(cpu_ns) as cpu from result group by batch) r on r.batch = b.id
                left join (select batch, sum(cost) as cost, count(*) as chunks from result
                    where done > \(Self.now) - 300 group by batch) l on l.batch = b.id
                left join (select batch, count(*) as looked, sum(agrees = 0) as disputed from second group by batch) s
                    on s.batch = b.id
                order by b.id
                """
            ) { row in
                batches.append(
                    BatchStatus(
                        id: row.integer(0), name: row.text(1), owner: row.text(2),
                        state: BatchStatus.State(rawValue: row.integer(3)) ?? .open,
                        priority: row.integer(4), specText: row.text(5),
                        candidates: row.integer(6), chunks: row.integer(7),
                        open: row.integer(9), leased: row.integer(10), done: row.integer(11),
                        failed: row.integer(12), costLeft: row.real(13),
                        costOfLate: row.real(18), doneOfLate: row.integer(19),
                        late: row.real(20), tested: row.integer(14), passed: row.integer(15),
                        failedNumbers: row.integer(16), nanoseconds: row.integer(17),
                        looked: row.integer(21), disputed: row.integer(22),
                        created: row.real(8)))
            }
            return batches
        }

        func hosts(of batch: Int?) throws(QueueError) -> [HostStatus] {
            let filter = batch == nil ? "" : "where batch = ?1"
            var hosts: [HostStatus] = []
            try database.run(
                """
                select w.id, w.host, w.process, w.version, w.level, w.gmp, w.cores, w.workers, w.pool,
                    \(Self.now) - w.started, \(Self.now) - w.seen,
                    (select count(*) from chunk where state = 1 and worker = w.id),
                    coalesce(r.chunks, 0), coalesce(r.tested, 0), coalesce(r.failed, 0), coalesce(r.cpu, 0)
                from worker w
                left join (select worker, count(*) as chunks, sum(tested) as tested, sum(failed) as failed,
                    sum(cpu_ns) as cpu from result \(filter) group by worker) r on r.worker = w.id
                order by w.host, w.started
                """, batch.map { [.integer($0)] } ?? []
            ) { row in
                hosts.append(
                    HostStatus(
                        worker: WorkerDescription(
                            id: row.integer(0), host: row.text(1), process: row.integer(2),
                            version: row.text(3), level: row.text(4), gmp: row.text(5),
                            cores: row.integer(6), workers: row.integer(7), pool: row.text(8)),
                        age: row.real(9), silent: row.real(10), leased: row.integer(11),
                        done: row.integer(12), tested: row.integer(13),
                        failedNumbers: row.integer(14), nanoseconds: row.integer(15)))
            }
            return hosts
        }

        func history(of batch: Int, spans: Int) throws(QueueError) -> History {
            var (first, last) = (0.0, 0.0)
            try database.run(
                """
                select min(b.created, coalesce(min(r.done), b.created)), coalesce(max(r.done), \(Self.now))
                from batch b left join result r on r.batch = b.id where b.id = ? group by b.id
                """, [.integer(batch)]
            ) { (first, last) = ($0.real(0), $0.real(1)) }
            let length = max(1, last - first) / Double(spans)
            var history = History(seconds: length, spans: [])
            try database.run(
                """
                select min(?3 - 1, cast((r.done - ?2) / ?4 as integer)), coalesce(w.host, '?'), count(*), sum(r.tested)
                from result r left join worker w on w.id = r.worker where r.batch = ?1 group by 1, 2 order by 1, 2
                """, [.integer(batch), .real(first), .integer(spans), .real(length)]
            ) { row in
                history.spans.append(
                    History.Span(
                        span: max(0, row.integer(0)), host: row.text(1), chunks: row.integer(2),
                        tested: row.integer(3)))
            }
            return history
        }

        func chunks(
            of batch: Int, from first: Int, most: Int
        ) throws(QueueError) -> [StoredChunk] {
            try storedChunks(
                "where c.batch = ?1 and c.no >= ?2 order by c.no limit ?3",
                [.integer(batch), .integer(first), .integer(most)])
        }

        private func storedChunks(
            _ rest: String, _ values: [SQLiteValue]
        ) throws(QueueError) -> [StoredChunk] {
            var chunks: [StoredChunk] = []
            try database.run(
                """
                select c.no, c.first, c.count, c.cost, c.state, c.attempt, c.lost, c.payload, r.payload,
                    coalesce(w.host, '?')
                from chunk c left join result r on r.batch = c.batch and r.no = c.no
                left join worker w on w.id = r.worker \(rest)
                """, values
            ) { row in
                chunks.append(
                    StoredChunk(
                        number: row.integer(0), first: row.integer(1),
                        count: row.integer(2),
                        cost: row.real(3),
                        state: StoredChunk.State(rawValue: row.integer(4)) ?? .open,
                        attempt: row.integer(5),
                        lost: row.text(6).split(separator: ",").map(String.init),
                        host: row.text(9), payload: row.bytes(7),
                        result: row.isNull(8) ? nil : row.bytes(8)))
            }
            return chunks
        }

        func finished(of batch: Int) throws(QueueError) -> [Int] {
            var numbers: [Int] = []
            try database.run(
                "select no from result where batch = ? order by done, no", [.integer(batch)]
            ) { numbers.append($0.integer(0)) }
            return numbers
        }

        // MARK: Changing

        func change(_ batch: Int, to change: BatchChange) throws(QueueError) {
            try database.transaction { () throws(QueueError) in
                var state: Int?
                try database.run("select state from batch where id = ?", [.integer(batch)]) {
                    state = $0.integer(0)
                }
                guard let state else { throw .refused("there is no batch \(batch)") }
                let current = BatchStatus.State(rawValue: state) ?? .open
                let (sql, values) = try Self.statement(change, of: batch, in: current)
                for sql in sql { try database.run(sql, values) }
            }
        }

        private static func statement(
            _ change: BatchChange, of batch: Int, in state: BatchStatus.State
        ) throws(QueueError) -> ([String], [SQLiteValue]) {
            let id: [SQLiteValue] = [.integer(batch)]
            switch change {
            case .pause:
                if state == .cancelled || state == .finished { throw QueueText.isOver(state) }
                return (["update batch set state = 2 where id = ?1"], id)
            case .resume:
                if state == .cancelled { throw QueueText.isOver(state) }
                return (["update batch set state = 1 where id = ?1"], id)
            case .cancel:
                if state == .finished { throw QueueText.isOver(state) }
                return (["update batch set state = 3 where id = ?1"], id)
            case .retry:
                if state == .cancelled { throw QueueText.isOver(state) }
                return (
                    [
                        "update chunk set state = 0, losses = 0, lost = '' where batch = ?1 and state = 3",
                        "update batch set state = 1 where id = ?1 and state = 4",
                    ], id
                )
            case .prioritise(let priority):
                return (
                    ["update batch set priority = ?2 where id = ?1"], id + [.integer(priority)]
                )
            case .drop: return (["delete from batch where id = ?1"], id)
            }
        }

        func secondLook(
            _ worker: WorkerDescription, batch: Int, share: Double, from first: Int, most: Int
        ) throws(QueueError) -> [StoredChunk] {
            // A chunk's number decides whether it is in the share: Knuth's multiplicative hash.
            try storedChunks(
                """
                left join second s on s.batch = c.batch and s.no = c.no
                where c.batch = ?1 and c.no >= ?2 and c.state = 2 and s.no is null and w.host <> ?3
                and (c.no * 2654435761) % 4294967296 < ?4 * 4294967296.0 order by c.no limit ?5
                """,
                [
                    .integer(batch), .integer(first), .text(worker.host), .real(share),
                    .integer(most),
                ])
        }

        func noteSecond(
            _ worker: WorkerDescription, batch: Int, chunk: FinishedChunk, agrees: Bool
        ) throws(QueueError) {
            try database.run(
                "insert or ignore into second values (?, ?, ?, \(Self.now), ?, ?)",
                [
                    .integer(batch), .integer(chunk.key.chunk), .integer(worker.id),
                    .integer(agrees ? 1 : 0), .blob(chunk.payload),
                ])
        }

        private var userName: String {
            unsafe getpwuid(geteuid()).map { unsafe String(cString: $0.pointee.pw_name) }
                ?? "\(geteuid())"
        }
    }
#endif

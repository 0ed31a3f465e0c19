// SPDX-License-Identifier: Apache-2.0

#if Postgres
    internal import Primality
    internal import PrimalityRuns

    /// A queue on a PostgreSQL server, for any number of hosts.
    final class PostgresStore: QueueStore {
        private let connection: PostgresConnection

        var name: String { connection.name }

        init(_ connection: PostgresConnection) { self.connection = connection }

        func create(_ settings: QueueSettings) throws(QueueError) {
            var isThere = false
            do throws(QueueError) {
                let rows = try connection.run("select schema from primality.about")
                isThere = true
                if rows.count == 1, rows.integer(0, 0) != queueSchema {
                    throw .refused(
                        "\(name): there is a queue of the form \(rows.integer(0, 0)), and this program knows \(queueSchema)"
                    )
                }
            } catch {
                if isThere || error.kind == .unreachable { throw error }
            }
            let grants = settings.submitters + settings.workers + settings.readers
            if isThere && grants.isEmpty {
                throw .refused(
                    "\(name) has a queue already; --grant-work and others may be given to it")
            }
            try connection.transaction { () throws(QueueError) in
                if !isThere {
                    try connection.script(QueueSQL.postgres)
                    _ = try connection.run(
                        "insert into primality.about values ($1, $2, $3)",
                        [
                            .int(queueSchema), .text(BuildInformation.version),
                            .double(settings.lease),
                        ])
                }
                for sql in try QueueGrants.statements(settings, quoted: connection.quoted) {
                    try connection.script(sql)
                }
            }
        }

        // MARK: Submitting

        func beginBatch(_ batch: BatchDraft) throws(QueueError) -> Int {
            try connection.script("begin")
            do throws(QueueError) {
                return try connection.run(
                    "select primality.begin_batch($1, $2, $3, $4)",
                    [
                        .int(queueSchema), .text(batch.name), .text(batch.spec.text),
                        .int(batch.priority),
                    ]
                ).integer(0, 0)
            } catch {
                connection.rollback()
                // A unique value is there already.
                if error.code == "23505" { throw .refused(QueueText.nameIsTaken(batch.name)) }
                throw error
            }
        }

        func add(_ chunks: [ChunkDraft], to batch: Int) throws(QueueError) {
            _ = try connection.run(
                "select primality.add_chunks($1, $2, $3, $4, $5, $6)",
                [
                    .long(batch), .longs(chunks.map(\.number)), .longs(chunks.map(\.first)),
                    .ints(chunks.map(\.count)), .doubles(chunks.map(\.cost)),
                    .blobs(chunks.map(\.payload)),
                ])
        }

        func endBatch(_ batch: Int, _ end: BatchEnd) throws(QueueError) {
            let rows = try connection.run(
                "select primality.end_batch($1, $2, $3, $4)",
                [.long(batch), .text(end.digest), .long(end.chunks), .long(end.candidates)])
            if !rows.isNull(0, 0) { throw .refused(QueueText.isQueued(as: rows.text(0, 0))) }
            try connection.script("commit")
        }

        func abandonBatch() { connection.rollback() }

        // MARK: Working

        func renew(
            _ worker: WorkerDescription, _ leases: [LeaseKey], areAll: Bool
        ) throws(QueueError) -> [LeaseKey] {
            let rows = try connection.run(
                "select * from primality.renew($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                [
                    .int(queueSchema), .long(worker.id), .text(worker.host), .int(worker.process),
                    .text(worker.version), .text(worker.level), .text(worker.gmp),
                    .int(worker.cores), .int(worker.workers), .text(worker.pool),
                    .longs(leases.map(\.batch)), .longs(leases.map(\.chunk)),
                    .ints(leases.map(\.attempt)), .bool(areAll),
                ])
            return (0..<rows.count).map { row in
                LeaseKey(
                    batch: rows.integer(row, 0), chunk: rows.integer(row, 1),
                    attempt: rows.integer(row, 2))
            }
        }

        func claim(
            _ worker: WorkerDescription, most: Int, hint: LeaseHint?, isFree: Bool
        ) throws(QueueError) -> Claim {
            let rows = try connection.run(
                "select * from primality.claim($1, $2, $3, $4, $5, $6)",
                [
                    .int(queueSchema), .long(worker.id), .int(most), .long(hint?.batch),
                    .long(hint?.chunk), .bool(isFree),
                ])
            var claim = Claim()
            for row in 0..<rows.count {
                claim.duration = rows.real(row, 8)
                if rows.integer(row, 0) == 0 {
                    claim.elsewhere = rows.integer(row, 1)
                    continue
                }
                claim.leases.append(
                    Lease(
                        key: LeaseKey(
                            batch: rows.integer(row, 0), chunk: rows.integer(row, 1),
                            attempt: rows.integer(row, 2)),
                        first: rows.integer(row, 3), count: rows.integer(row, 4),
                        cost: rows.real(row, 5), payload: rows.bytes(row, 6),
                        isAlone: rows.integer(row, 9) != 0))
                if claim.spec == nil, claim.damage == nil, !rows.isNull(row, 7) {
                    claim.describe(rows.text(row, 7))
                }
            }
            claim.leases.sort { $0.key.chunk < $1.key.chunk }
            return claim
        }

        func finish(
            _ worker: WorkerDescription, _ results: [FinishedChunk]
        ) throws(QueueError) -> [Bool] {
            let rows = try connection.run(
                "select out_stored from primality.finish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                [
                    .int(queueSchema), .long(worker.id), .longs(results.map(\.key.batch)),
                    .longs(results.map(\.key.chunk)), .ints(results.map(\.key.attempt)),
                    .doubles(results.map(\.cost)), .ints(results.map(\.counts.tested)),
                    .ints(results.map(\.counts.passed)), .ints(results.map(\.counts.failed)),
                    .longs(results.map(\.nanoseconds)), .blobs(results.map(\.payload)),
                ])
            return (0..<rows.count).map { rows.integer($0, 0) != 0 }
        }

        // MARK: Looking

        func batches() throws(QueueError) -> [BatchStatus] {
            let form = try connection.run("select schema::int8 from primality.about")
            if form.count != 1 || form.integer(0, 0) != queueSchema {
                throw .refused(
                    "\(name): the queue has another form than \(queueSchema), which this program knows: use the same version "
                        + "everywhere")
            }
            let rows = try connection.run(
                """
                select b.id, b.name, b.owner, b.state::int8, b.priority::int8, b.spec, b.candidates, b.chunks,
                    extract(epoch from b.created)::float8,
                    coalesce(c.open, 0), coalesce(c.leased, 0), coalesce(c.done, 0), coalesce(c.failed, 0),
                    coalesce(c.cost, 0),
                    coalesce(r.tested, 0), coalesce(r.passed, 0), coalesce(r.failed, 0),
                    least(coalesce(r.cpu, 0), 9e18)::int8,
                    coalesce(l.cost, 0), coalesce(l.chunks, 0),
                    least(300, greatest(1, extract(epoch from clock_timestamp() - b.created)))::float8,
                    coalesce(s.looked, 0), coalesce(s.disputed, 0)
                from primality.batch b
                left join (select batch, count(*) filter (where state = 0) as open,
                    count(*) filter (where state = 1) as leased, count(*) filter (where state = 2) as done,
                    count(*) filter (where state = 3) as failed, sum(cost) filter (where state < 2) as cost
                    from primality.chunk group by batch) c on c.batch = b.id
                left join (select batch, sum(tested) as tested, sum(passed) as passed, sum(failed) as failed,
                    sum(cpu_ns) as cpu from primality.result group by batch) r on r.batch = b.id
                left join (select batch, sum(cost) as cost, count(*) as chunks from primality.result
                    where done > clock_timestamp() - interval '300 s' group by batch) l on l.batch = b.id
                left join (select batch, count(*) as looked, count(*) filter (where not agrees) as disputed
                    from primality.second group by batch) s on s.batch = b.id
                order by b.id
                """)
            var batches: [BatchStatus] = []
            for row in 0..<rows.count {
                batches.append(
                    BatchStatus(
                        id: rows.integer(row, 0), name: rows.text(row, 1), owner: rows.text(row, 2),
                        state: BatchStatus.State(rawValue: rows.integer(row, 3)) ?? .open,
                        priority: rows.integer(row, 4),
                        specText: rows.text(row, 5),
                        candidates: rows.integer(row, 6), chunks: rows.integer(row, 7),
                        open: rows.integer(row, 9), leased: rows.integer(row, 10),
                        done: rows.integer(row, 11), failed: rows.integer(row, 12),
                        costLeft: rows.real(row, 13), costOfLate: rows.real(row, 18),
                        doneOfLate: rows.integer(row, 19), late: rows.real(row, 20),
                        tested: rows.integer(row, 14), passed: rows.integer(row, 15),
                        failedNumbers: rows.integer(row, 16), nanoseconds: rows.integer(row, 17),
                        looked: rows.integer(row, 21), disputed: rows.integer(row, 22),
                        created: rows.real(row, 8)))
            }
            return batches
        }

        func hosts(of batch: Int?) throws(QueueError) -> [HostStatus] {
            let rows = try connection.run(
                """
                select w.id, w.host, w.process::int8, w.version, w.level, w.gmp, w.cores::int8, w.workers::int8, w.pool,
                    extract(epoch from clock_timestamp() - w.started)::float8,
                    extract(epoch from clock_timestamp() - w.seen)::float8,
                    coalesce(c.leased, 0),
                    coalesce(r.chunks, 0), coalesce(r.tested, 0), coalesce(r.failed, 0),
                    least(coalesce(r.cpu, 0), 9e18)::int8
                from primality.worker w
                left join (select worker, count(*) as leased from primality.chunk where state = 1 group by worker) c
                    on c.worker = w.id
                left join (select worker, count(*) as chunks, sum(tested) as tested, sum(failed) as failed,
                    sum(cpu_ns) as cpu from primality.result where $1 is null or batch = $1 group by worker) r
                    on r.worker = w.id
                order by w.host, w.started
                """, [.long(batch)])
            return (0..<rows.count).map { row in
                HostStatus(
                    worker: WorkerDescription(
                        id: rows.integer(row, 0), host: rows.text(row, 1),
                        process: rows.integer(row, 2), version: rows.text(row, 3),
                        level: rows.text(row, 4), gmp: rows.text(row, 5),
                        cores: rows.integer(row, 6), workers: rows.integer(row, 7),
                        pool: rows.text(row, 8)),
                    age: rows.real(row, 9), silent: rows.real(row, 10),
                    leased: rows.integer(row, 11), done: rows.integer(row, 12),
                    tested: rows.integer(row, 13), failedNumbers: rows.integer(row, 14),
                    nanoseconds: rows.integer(row, 15))
            }
        }

        func history(of batch: Int, spans: Int) throws(QueueError) -> History {
            let rows = try connection.run(
                """
                with e as (
                    select extract(epoch from b.created)::float8 as first,
                        greatest(1, extract(epoch from coalesce(max(r.done), clock_timestamp()) - b.created))::float8 / $2
                            as length
                    from primality.batch b left join primality.result r on r.batch = b.id where b.id = $1 group by b.id)
                select e.length,
                    greatest(0, least($2 - 1, floor((extract(epoch from r.done)::float8 - e.first) / e.length)))::int8
                        as span,
                    coalesce(w.host, '?'), count(*), sum(r.tested)::int8
                from e join primality.result r on r.batch = $1 left join primality.worker w on w.id = r.worker
                group by 1, 2, 3 order by 2, 3
                """, [.long(batch), .double(Double(spans))])
            var history = History(seconds: 1, spans: [])
            for row in 0..<rows.count {
                history.seconds = rows.real(row, 0)
                history.spans.append(
                    History.Span(
                        span: rows.integer(row, 1), host: rows.text(row, 2),
                        chunks: rows.integer(row, 3), tested: rows.integer(row, 4)))
            }
            return history
        }

        func chunks(
            of batch: Int, from first: Int, most: Int
        ) throws(QueueError) -> [StoredChunk] {
            try storedChunks(
                "where c.batch = $1 and c.no >= $2 order by c.no limit $3",
                [.long(batch), .long(first), .long(most)])
        }

        private func storedChunks(
            _ rest: String, _ values: [PostgresValue]
        ) throws(QueueError) -> [StoredChunk] {
            let rows = try connection.run(
                """
                select c.no, c.first, c.count::int8, c.cost, c.state::int8, c.attempt::int8,
                    array_to_string(c.lost, ','), c.payload, r.payload, coalesce(w.host, '?')
                from primality.chunk c left join primality.result r on r.batch = c.batch and r.no = c.no
                left join primality.worker w on w.id = r.worker \(rest)
                """, values)
            return (0..<rows.count).map { row in
                StoredChunk(
                    number: rows.integer(row, 0), first: rows.integer(row, 1),
                    count: rows.integer(row, 2),
                    cost: rows.real(row, 3),
                    state: StoredChunk.State(rawValue: rows.integer(row, 4)) ?? .open,
                    attempt: rows.integer(row, 5),
                    lost: rows.text(row, 6).split(separator: ",").map(String.init),
                    host: rows.text(row, 9), payload: rows.bytes(row, 7),
                    result: rows.isNull(row, 8) ? nil : rows.bytes(row, 8))
            }
        }

        func finished(of batch: Int) throws(QueueError) -> [Int] {
            let rows = try connection.run(
                "select no from primality.result where batch = $1 order by done, no",
                [.long(batch)])
            return (0..<rows.count).map { rows.integer($0, 0) }
        }

        // MARK: Changing

        func change(_ batch: Int, to change: BatchChange) throws(QueueError) {
            let (word, priority) =
                switch change {
                case .pause: ("pause", 0)
                case .resume: ("resume", 0)
                case .cancel: ("cancel", 0)
                case .retry: ("retry", 0)
                case .prioritise(let priority): ("prioritise", priority)
                case .drop: ("drop", 0)
                }
            let rows = try connection.run(
                "select primality.change_batch($1, $2, $3, $4)",
                [.int(queueSchema), .long(batch), .text(word), .int(priority)])
            if !rows.isNull(0, 0) {
                throw QueueText.isOver(BatchStatus.State(rawValue: rows.integer(0, 0)) ?? .finished)
            }
        }

        func secondLook(
            _ worker: WorkerDescription, batch: Int, share: Double, from first: Int, most: Int
        ) throws(QueueError) -> [StoredChunk] {
            // A chunk's number decides whether it is in the share: Knuth's multiplicative hash.
            try storedChunks(
                """
                left join primality.second s on s.batch = c.batch and s.no = c.no
                where c.batch = $1 and c.no >= $2 and c.state = 2 and s.no is null and w.host <> $3
                and (c.no * 2654435761) % 4294967296 < $4 * 4294967296.0 order by c.no limit $5
                """,
                [
                    .long(batch), .long(first), .text(worker.host), .double(share), .long(most),
                ])
        }

        func noteSecond(
            _ worker: WorkerDescription, batch: Int, chunk: FinishedChunk, agrees: Bool
        ) throws(QueueError) {
            _ = try connection.run(
                "select primality.note_second($1, $2, $3, $4, $5, $6)",
                [
                    .int(queueSchema), .long(worker.id), .long(batch), .long(chunk.key.chunk),
                    .bool(agrees), .blob(chunk.payload),
                ])
        }
    }
#endif

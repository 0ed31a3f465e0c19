// SPDX-License-Identifier: Apache-2.0

package import Primality
internal import PrimalityRuns

/// Where a queue is: `postgres://user@host/database?...` or `sqlite:FILE`.
package struct QueueAddress: Sendable {
    package enum Kind: Sendable {
        case postgres
        case sqlite
    }

    package let kind: Kind
    /// What libpq or SQLite gets.
    private let target: String
    /// What it is called in messages: without a password.
    package let name: String

    /// Reads an address.
    ///
    /// - Parameters:
    ///   - text: The address.
    ///   - isArgument: It stands among arguments, which everybody on this machine can read.
    /// - Throws: ``QueueError``.
    package init(_ text: String, isArgument: Bool) throws(QueueError) {
        if let path = text.dropped(prefix: "sqlite:") {
            // sqlite:///var/x is the same as sqlite:/var/x.
            let file = path.hasPrefix("//") ? String(path.dropFirst(2)) : path
            if file.isEmpty || file.hasSuffix("/") || file.utf8.contains(0) {
                throw .refused("--queue \(printable(text)): give a file after sqlite:")
            }
            kind = .sqlite
            target = file
            name = file
            return
        }
        guard
            let rest = text.dropped(prefix: "postgres://") ?? text.dropped(prefix: "postgresql://")
        else {
            // What follows the colon may be a password.
            let scheme = text.prefix { $0 != ":" && $0 != "@" && $0 != "/" }
            throw .refused(
                "'\(printable(String(scheme)))...' is no queue; give postgres://user@host/database or sqlite:FILE"
            )
        }
        if text.utf8.contains(0) { throw .refused("--queue: the address has a zero byte") }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let query =
            rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            .dropFirst().first.map(String.init) ?? ""
        var user = ""
        var hosts = String(authority)
        if let at = authority.lastIndex(of: "@") {
            user = String(authority[..<at])
            hosts = String(authority[authority.index(after: at)...])
        }
        let options = query.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
        func option(_ name: String) -> String? {
            options.first { $0.first.map(String.init) == name }.map {
                $0.count > 1 ? String($0[1]) : ""
            }
        }
        let hasPassword = user.contains(":") || option("password") != nil
        if hasPassword && isArgument {
            throw .refused(
                "a password among the arguments is seen by everybody on this machine: put it into ~/.pgpass or the file "
                    + "that PGPASSFILE names, or the whole address into PRIMALITY_QUEUE")
        }
        // Another host may be anybody: its certificate has to say that it is the one, unless the user knows better.
        var target = text
        let hostOfOption = option("host") ?? option("hostaddr")
        let isLocal = (hosts.isEmpty ? hostOfOption ?? "" : hosts).split(separator: ",")
            .allSatisfy { Self.isLocal(String($0)) }
        if !isLocal && option("sslmode") == nil && option("service") == nil {
            target +=
                (query.isEmpty ? (text.hasSuffix("?") ? "" : "?") : "&") + "sslmode=verify-full"
        }
        if option("application_name") == nil {
            target += (target.contains("?") ? "&" : "?") + "application_name=primality"
        }
        kind = .postgres
        self.target = target
        let path = rest.dropFirst(authority.count).prefix { $0 != "?" }
        let shownUser = user.prefix { $0 != ":" }
        name = printable(
            file: "postgres://" + (shownUser.isEmpty ? "" : shownUser + "@") + hosts + path)
    }

    private static func isLocal(_ host: String) -> Bool {
        let name = host.hasPrefix("[") ? String(host.prefix { $0 != "]" }.dropFirst()) : host
        let bare =
            host.hasPrefix("[") ? name : String(name.split(separator: ":").first ?? "")
        return bare.isEmpty || bare == "localhost" || bare == "127.0.0.1" || name == "::1"
            || bare.hasPrefix("/") || bare.lowercased().hasPrefix("%2f")
    }

    /// Opens the queue.
    ///
    /// - Parameters:
    ///   - creates: A file that is not there is made.
    ///   - cancel: Ends the waiting.
    /// - Returns: The store.
    /// - Throws: ``QueueError``.
    package func open(creates: Bool = false, cancel: CancelFlag) throws(QueueError)
        -> any QueueStore
    {
        switch kind {
        case .postgres:
            #if Postgres
                return PostgresStore(
                    try PostgresConnection(target, name: name, cancel: cancel))
            #else
                throw QueueError(
                    .notBuiltIn,
                    "this program was built without PostgreSQL: install libpq-dev, and build with --traits Postgres, as "
                        + "make install-cli does")
            #endif
        case .sqlite:
            #if SQLite
                return try SQLiteStore(target, creates: creates, cancel: cancel)
            #else
                throw QueueError(
                    .notBuiltIn,
                    "this program was built without SQLite: install libsqlite3-dev, and build with --traits SQLite, as "
                        + "make install-cli does")
            #endif
        }
    }

    /// What `init` runs on such a queue, as SQL for an administrator.
    package static func sql(_ kind: Kind, _ settings: QueueSettings) throws(QueueError) -> String {
        switch kind {
        case .postgres:
            var text = "begin;\n\n" + QueueSQL.postgres
            let version = BuildInformation.version
            text +=
                "\ninsert into primality.about values (\(queueSchema), '\(version)', \(settings.lease));\n"
            for line in try QueueGrants.statements(
                settings,
                quoted: { name in
                    "\"" + name.replacing("\"", with: "\"\"") + "\""
                })
            { text += line + ";\n" }
            return text + "\ncommit;\n"
        case .sqlite:
            return QueueSQL.sqlite
                + "\ninsert into about values (\(queueSchema), '\(BuildInformation.version)', \(settings.lease));\n"
        }
    }
}

/// What gives roles of PostgreSQL their rights.
enum QueueGrants {
    static func statements(
        _ settings: QueueSettings, quoted: (String) throws(QueueError) -> String
    ) throws(QueueError) -> [String] {
        var all: [String] = []
        func grant(_ rights: [String], to roles: [String]) throws(QueueError) {
            for role in roles {
                let role = try quoted(role)
                all.append("grant usage on schema primality to \(role)")
                for right in rights { all.append("grant \(right) to \(role)") }
            }
        }
        func execute(_ functions: [String]) -> [String] {
            functions.map { "execute on function primality.\($0)" }
        }
        let reading = ["select on all tables in schema primality"]
        let submitting = execute([
            "begin_batch", "add_chunks", "end_batch", "change_batch", "note_second", "renew",
        ])
        try grant(reading, to: settings.readers)
        try grant(execute(["claim", "renew", "finish"]), to: settings.workers)
        try grant(reading + submitting, to: settings.submitters)
        return all
    }
}

extension String {
    fileprivate func dropped(prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}

// SPDX-License-Identifier: Apache-2.0

/// What the worker processes of a ``ProcessPool`` are, and so what they may run.
public enum WorkerKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Forked from the calling process, at any time: also when it has threads. A worker runs C, and
    /// integer Swift that C calls, from `fork` to `_exit`.
    case kernel
    /// Forked by the nursery, a process that ``ProcessPool/bootstrap(tasks:withNursery:)`` forked while the
    /// program had one thread. A worker may run any Swift code.
    case swift
    /// A new run of the program, which is to call ``ProcessPool/bootstrap(tasks:withNursery:)`` first. A
    /// worker may run any Swift code. It takes milliseconds to start, whatever the program's size, while a
    /// fork takes longer the more memory the program has.
    case exec
}

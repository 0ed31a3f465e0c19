// SPDX-License-Identifier: Apache-2.0

internal import Primality
internal import PrimalityPool
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Ctrl-C, SIGTERM and SIGHUP: the first one cancels the run, the second one ends the program at once.
final class Interruption: Sendable {
    /// Raised by the first signal.
    let cancel = CancelFlag()
    private let received = Atomic<Int32>(0)
    private let terminal: Terminal?

    /// What cancels a run.
    private static let cancelling = [SIGHUP, SIGINT, SIGTERM]

    /// The signal that came, if one did.
    var signal: Int32? {
        let signal = received.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }

    /// Takes over the signals, but for those that are ignored, as in a background job of a script or by
    /// nohup: they stay ignored.
    ///
    /// To be called once, before there are other threads: they inherit the mask, and one thread
    /// waits for the signals, so that no code runs inside a handler.
    ///
    /// - Parameter terminal: Is given back before the program ends or is stopped. For its sake, and for that
    ///   of a line about progress on a terminal, all signals are watched that end the program.
    init(_ terminal: Terminal? = nil) {
        self.terminal = terminal
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in Self.cancelling where !Signals.isIgnored(number) {
            unsafe sigaddset(&signals, number)
        }
        if terminal != nil || StandardStreams.errorIsTerminal {
            for number in Self.ending where Signals.hasDefaultEffect(number) {
                unsafe sigaddset(&signals, number)
            }
        }
        if terminal != nil && Signals.hasDefaultEffect(SIGTSTP) {
            unsafe sigaddset(&signals, SIGTSTP)
        }
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        let watched = signals
        // Without this thread signals would end nothing: better to end at once than never.
        do {
            _ = try WorkerThread(name: "prk-signals") { [self] in
                var set = watched
                var first: ContinuousClock.Instant?
                // How often in a row standard output took nothing, after the first signal.
                var blocked = 0
                while true {
                    var tick = timespec(tv_sec: first == nil ? 3600 : 0, tv_nsec: 50_000_000)
                    let number = unsafe sigtimedwait(&set, nil, &tick)
                    if number > 0 { obey(number, &first) }
                    if first == nil { continue }
                    blocked = StandardStreams.outputIsBlocked ? blocked + 1 : 0
                    if blocked == Self.patience { leaveWithoutReader() }
                }
            }
        } catch {
            unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        }
    }

    /// What ends a program by default, from whoever it comes, but for SIGPIPE, which belongs to a write.
    ///
    /// That a thread crashes is not kept back by its mask: the system ends the process all the same.
    private static var ending: [Int32] {
        let others = [
            SIGKILL, SIGSTOP, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD, SIGURG, SIGWINCH,
            SIGPIPE,
        ]
        return (1...64).filter { !(others + cancelling).contains($0) }
    }

    /// Does what a signal asks for; `first` is when the run was cancelled.
    private func obey(_ number: Int32, _ first: inout ContinuousClock.Instant?) {
        if number == SIGTSTP {
            terminal?.giveBack(forGood: false)
            raise(SIGSTOP)  // this thread, so that it goes no further
            terminal?.take()
        } else if !Self.cancelling.contains(number) {
            leaveTerminal()
            var set = sigset_t()
            unsafe sigemptyset(&set)
            unsafe sigaddset(&set, number)
            unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
            raise(number)
        } else if let first {
            // Programs send what is one signal twice: timeout to its child and then to the group, the shell
            // SIGHUP after the terminal did, systemd SIGHUP after SIGTERM. Somebody at the keyboard is slower.
            let isOne: Duration = signal == SIGINT ? .milliseconds(50) : .milliseconds(500)
            if .now - first < isOne { return }
            leaveTerminal()
            _exit(128 + number)
        } else {
            first = .now
            received.store(number, ordering: .relaxed)
            cancel.cancel()
        }
    }

    /// So many looks at a standard output that takes nothing are enough: a second.
    private static let patience = 20

    /// Ends the program whose results nobody takes, as a pager that was stopped: a write that waits ends for no flag.
    private func leaveWithoutReader() {
        leaveTerminal()
        StandardStreams.complain(
            "ended: standard output has taken nothing for a second; what was not written is lost")
        _exit(128 + (signal ?? 0))
    }

    private func leaveTerminal() {
        terminal?.giveBack()
        StandardStreams.abandonStatus()
    }

    /// Ends the program with the signal's status if one came.
    func exitIfSignalled(_ summary: () -> String) {
        guard let signal else { return }
        let name = signal == SIGINT ? "SIGINT" : signal == SIGHUP ? "SIGHUP" : "SIGTERM"
        StandardStreams.complain("ended by \(name): \(summary())")
        exit(128 + signal)
    }
}

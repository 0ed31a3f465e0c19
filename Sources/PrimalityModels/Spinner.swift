// SPDX-License-Identifier: Apache-2.0

internal import PrimalityPool

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// What the three spinners have in common: pictures, the pace, and a count of what was drawn.
///
/// Ten times a second the next of `\|/-` is to be drawn. Whoever draws must have a turn that often, so
/// the frames that were drawn, and the longest time without one, tell who had none.
package enum Spinner {
    /// The time between two frames.
    package static let period: Duration = .milliseconds(100)

    static let periodMilliseconds = 100

    /// The pictures, one after the other: each begins at the left margin and covers the one before.
    static let pictures = ["\\", "|", "/", "-"].map { Array("\r\($0) thinking!".utf8) }

    /// Where frames are drawn.
    package struct Canvas: Sendable {
        let descriptor: Int32?

        /// Draws nowhere; frames count all the same.
        package static let nowhere = Canvas(descriptor: nil)

        /// A terminal, or whatever else takes bytes.
        ///
        /// - Parameter descriptor: Where to write; it is to stay open until the spinner has ended.
        /// - Returns: The canvas.
        package static func terminal(_ descriptor: Int32) -> Canvas {
            Canvas(descriptor: descriptor)
        }

        func draw(_ picture: [UInt8]) {
            // A terminal that is gone has nobody who would miss a frame.
            if let descriptor { _ = unsafe write(descriptor, picture, picture.count) }
        }
    }

    /// What a supervisor gives back.
    package struct Report: Sendable, Equatable {
        /// Frames that were drawn.
        package var framesDrawn: Int
        /// Frames that a spinner draws which always has its turn: one at the beginning, and one each
        /// ``Spinner/period``.
        package var framesDue: Int
        /// The longest time during which the picture stood still.
        package var longestGap: Duration
        /// How long the job took.
        package var elapsed: Duration
        /// What the job answered.
        package var answer: String

        /// Whether the spinner turned: at least half of the frames came.
        package var turns: Bool { framesDrawn * 2 >= framesDue }
    }
}

/// Draws the next frame when it is asked to, and keeps count.
final class Animation: Sendable {
    private struct State {
        var frames = 0
        var last: ContinuousClock.Instant
        var longestGap = Duration.zero
    }

    private let canvas: Spinner.Canvas
    private let start: ContinuousClock.Instant
    private let state: Monitor<State>

    init(on canvas: Spinner.Canvas) {
        self.canvas = canvas
        start = .now
        state = Monitor(State(last: start))
    }

    func draw() {
        let frame = state.withLock { $0.frames }
        canvas.draw(Spinner.pictures[frame % Spinner.pictures.count])
        let now = ContinuousClock.now
        state.withLock { state in
            state.frames = frame + 1
            state.longestGap = max(state.longestGap, now - state.last)
            state.last = now
        }
    }

    /// To be asked for when the job has its answer and the spinner has ended.
    func report(_ answer: String) -> Spinner.Report {
        let state = state.withLock { $0 }
        return Spinner.Report(
            frames: state.frames, start: start, gap: state.longestGap, sinceLast: .now - state.last,
            answer)
    }
}

extension Spinner.Report {
    init(
        frames: Int, start: ContinuousClock.Instant, gap: Duration, sinceLast: Duration,
        _ answer: String
    ) {
        elapsed = .now - start
        framesDrawn = frames
        framesDue = 1 + Int((elapsed / Spinner.period).rounded(.down))
        longestGap = max(gap, sinceLast)
        self.answer = answer
    }
}

/// A flag for which a thread can wait: what `threading.Event` is in the chapter.
final class Event: Sendable {
    private let isSet = Monitor(false)

    func set() { isSet.withLock(wake: true) { $0 = true } }

    /// Waits until it is set, or for the time of a frame; whether it is set.
    func waitForAFrame() -> Bool {
        var looks = 0
        return isSet.wait(lookingEvery: Spinner.periodMilliseconds) { isSet in
            looks += 1
            return isSet ? true : looks > 1 ? false : nil
        }
    }
}

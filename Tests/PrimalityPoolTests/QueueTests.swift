// SPDX-License-Identifier: Apache-2.0

import PrimalityPool
import Testing

@Suite struct QueueTests {
    @Test func aQueueEndsWhenItsProducersHave() throws {
        let queue = BlockingQueue<Int>(producers: 4)
        var threads: [WorkerThread] = []
        for producer in 0..<4 {
            threads.append(
                try WorkerThread(name: "producer") {
                    for i in 0..<1000 { queue.push(producer * 1000 + i) }
                    queue.end()
                })
        }
        var seen: [Int] = []
        while let element = queue.pop() { seen.append(element) }
        for thread in threads { thread.join() }
        #expect(seen.sorted() == Array(0..<4000))
        // Each producer's elements keep their order.
        for producer in 0..<4 {
            let own = seen.filter { $0 / 1000 == producer }
            #expect(own == own.sorted())
        }
        guard case .ended = queue.tryPop() else {
            Issue.record("an ended queue has nothing")
            return
        }
    }

    @Test func anEmptyQueueHasNothingYet() {
        let queue = BlockingQueue<Int>()
        guard case .nothingYet = queue.tryPop() else {
            Issue.record("nothing was pushed")
            return
        }
        queue.push(1)
        guard case .element(1) = queue.tryPop() else {
            Issue.record("1 was pushed")
            return
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Tests hexadecimal numbers of any size in one batch, those of its arguments or some of its own,
// and prints each verdict with its evidence.

#include <primality.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

/// Numbers as the library takes them: the limbs of all in one row, and where each number begins.
class Numbers {
  public:
    void add(std::string_view hexadecimal) {
        std::vector<std::uint64_t> number;
        // A limb has 16 digits, and the least significant limb comes first.
        for (std::string_view left = hexadecimal; !left.empty();) {
            const std::size_t begin = left.size() > 16 ? left.size() - 16 : 0;
            const char *const end = left.data() + left.size();
            const auto [stop, error] =
                std::from_chars(left.data() + begin, end, number.emplace_back(), 16);
            if (error != std::errc() || stop != end) {
                throw std::invalid_argument(std::string(hexadecimal) + " is not hexadecimal");
            }
            left.remove_suffix(left.size() - begin);
        }
        limbs_.insert(limbs_.end(), number.begin(), number.end());
        offsets_.push_back(limbs_.size());
    }

    std::size_t size() const { return offsets_.size() - 1; }
    const std::uint64_t *limbs() const { return limbs_.data(); }
    const std::uint64_t *offsets() const { return offsets_.data(); }

  private:
    std::vector<std::uint64_t> limbs_;
    std::vector<std::uint64_t> offsets_{0};
};

/// One thread keeps one, and its batches reuse the memory.
class Tester {
  public:
    Tester() : scratch_(prk_scratch_create(), prk_scratch_destroy) {
        if (!scratch_) {
            throw std::bad_alloc();
        }
        // A composite could be made to pass bases that are known beforehand.
        std::random_device random;
        options_.seed = std::uint64_t{random()} << 32 | random();
        options_.rounds = PRK_DEFAULT_ROUNDS;
    }

    std::vector<prk_report> test(const Numbers &numbers) {
        std::vector<std::uint8_t> verdicts(numbers.size());
        std::vector<prk_report> reports(numbers.size());
        const prk_status status =
            prk_test_batch(PRK_ENGINE_AUTO, numbers.limbs(), numbers.offsets(), numbers.size(),
                           &options_, scratch_.get(), verdicts.data(), reports.data());
        if (status != PRK_STATUS_OK) {
            throw std::runtime_error(prk_status_name(status));
        }
        return reports;
    }

  private:
    std::unique_ptr<prk_scratch, decltype(&prk_scratch_destroy)> scratch_;
    prk_options options_{};
};

std::ostream &operator<<(std::ostream &out, const prk_report &report) {
    out << prk_verdict_name(static_cast<prk_verdict>(report.verdict)) << " by "
        << prk_method_name(static_cast<prk_method>(report.method));
    if ((report.fields & PRK_REPORT_HAS_FACTOR) != 0) {
        out << ", factor " << report.factor;
    }
    if ((report.fields & PRK_REPORT_HAS_BASE) != 0) {
        out << ", base " << report.base;
    }
    if ((report.fields & PRK_REPORT_HAS_LUCAS) != 0) {
        out << ", Lucas P " << report.lucas_p << " Q " << report.lucas_q;
    }
    if ((report.fields & PRK_REPORT_HAS_ROUND) != 0) {
        out << ", random bases tried: " << report.round;
    }
    return out;
}

int main(int argc, char **argv) try {
    std::vector<std::string_view> given(argv + 1, argv + argc);
    if (given.empty()) {
        given = {
            "1",
            "231",                                    // 561, a Carmichael number
            "10000000f",                              // 2^32 + 15
            "28000000000000000001",                   // 5 * 2^75 + 1
            "1ffffffffffffffffffffff",                // 2^89 - 1
            "ffffffffffffffffffffffffffffff61",       // 2^128 - 159
            "3ffffffffffffffdffffffe000000000000001", // (2^61 - 1) (2^89 - 1)
        };
    }
    Numbers numbers;
    for (const std::string_view number : given) {
        numbers.add(number);
    }
    Tester tester;
    const std::vector<prk_report> reports = tester.test(numbers);
    for (std::size_t i = 0; i < given.size(); i++) {
        std::cout << given[i] << ": " << reports[i] << '\n';
    }
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}

// SPDX-License-Identifier: Apache-2.0

//! Primality tests by libprimality.
//!
//! ```
//! assert!(primality::is_prime(18446744073709551557));
//! assert_eq!(primality::next_prime(100), Some(101));
//! // 2^127 - 1, least significant limb first, is of a form that has a proof.
//! let verdicts = primality::test(&[&[u64::MAX, u64::MAX >> 1]], &primality::Options::default())?;
//! assert_eq!(verdicts, [primality::Verdict::Prime]);
//! # Ok::<(), primality::Error>(())
//! ```

use primality_sys as sys;
use std::ffi::CStr;
use std::sync::atomic::AtomicU32;

/// What a test showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 0 and 1.
    Neither,
    Composite,
    /// Passed Baillie–PSW and the random bases that were asked for, which proves nothing.
    ProbablePrime,
    Prime,
}

/// Why a call has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(sys::prk_status);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The name of a status is a constant; NULL stands for no status of this version.
        let name = unsafe { sys::prk_status_name(self.0) };
        if name.is_null() {
            return write!(f, "status {}", self.0);
        }
        f.write_str(&unsafe { CStr::from_ptr(name) }.to_string_lossy())
    }
}

impl std::error::Error for Error {}

/// How numbers above 2^64 are tested.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Strong tests to random bases after Baillie–PSW.
    pub rounds: u32,
    /// Chooses the bases. Where somebody may have chosen the numbers it has to be unpredictable.
    pub seed: u64,
    /// Another thread stores 1 to end the call, which then gives an error.
    pub cancel: Option<&'a AtomicU32>,
}

impl Default for Options<'_> {
    /// Two rounds, by a seed that the standard library's hasher draws.
    fn default() -> Self {
        use std::hash::{BuildHasher, Hasher};
        let seed = std::collections::hash_map::RandomState::new().build_hasher().finish();
        Options { rounds: sys::PRK_DEFAULT_ROUNDS, seed, cancel: None }
    }
}

impl Options<'_> {
    fn raw(&self) -> sys::prk_options {
        sys::prk_options {
            size: std::mem::size_of::<sys::prk_options>() as u32,
            report_size: std::mem::size_of::<sys::prk_report>() as u32,
            seed: self.seed,
            cancel: self.cancel.map_or(std::ptr::null(), |flag| flag.as_ptr()),
            rounds: self.rounds,
            want_residue: false,
            reserved: [0; 3],
            forms: std::ptr::null(),
            form_size: 0,
            reserved_too: 0,
            long_tests: std::ptr::null_mut(),
        }
    }
}

fn check(status: sys::prk_status) -> Result<(), Error> {
    if status == sys::PRK_STATUS_OK { Ok(()) } else { Err(Error(status)) }
}

/// Whether a number is prime; exact.
pub fn is_prime(n: u64) -> bool {
    unsafe { sys::prk_is_prime_u64(n) }
}

/// The least prime above a number; `None` when it is above 2^64.
pub fn next_prime(n: u64) -> Option<u64> {
    Some(unsafe { sys::prk_next_prime_u64(n) }).filter(|&p| p != 0)
}

/// The primes p with low <= p <= high.
pub fn primes(low: u64, high: u64) -> Result<Vec<u64>, Error> {
    let mut all = Vec::new();
    let mut part = vec![0; 8192];
    let mut from = low;
    loop {
        let mut count = 0;
        // There are as many places as is said.
        check(unsafe {
            sys::prk_primes_u64(from, high, std::ptr::null(), part.as_mut_ptr(), part.len(), &mut count)
        })?;
        all.extend_from_slice(&part[..count]);
        if count < part.len() || part[count - 1] == high {
            return Ok(all);
        }
        from = part[count - 1] + 1;
    }
}

/// Tests numbers of any size, each of which is a slice of limbs, least significant first. Together they cost less than
/// one after the other.
pub fn test(numbers: &[&[u64]], options: &Options) -> Result<Vec<Verdict>, Error> {
    let limbs = numbers.concat();
    let mut offsets = vec![0u64];
    for number in numbers {
        offsets.push(offsets[offsets.len() - 1] + number.len() as u64);
    }
    let mut verdicts = vec![sys::PRK_UNTESTED; numbers.len()];
    // Offsets are one more than numbers, and end with the number of limbs; there is a place for each verdict.
    check(unsafe {
        sys::prk_test_batch(
            sys::PRK_ENGINE_AUTO,
            limbs.as_ptr(),
            offsets.as_ptr(),
            numbers.len(),
            &options.raw(),
            std::ptr::null_mut(),
            verdicts.as_mut_ptr(),
            std::ptr::null_mut(),
        )
    })?;
    Ok(verdicts
        .into_iter()
        .map(|verdict| match verdict {
            sys::PRK_NEITHER => Verdict::Neither,
            sys::PRK_COMPOSITE => Verdict::Composite,
            sys::PRK_PROBABLE_PRIME => Verdict::ProbablePrime,
            _ => Verdict::Prime,
        })
        .collect())
}

/// A random prime or probable prime of exactly so many bits, by the system's generator, least significant limb first.
pub fn random_prime(bits: u64, options: &Options) -> Result<Vec<u64>, Error> {
    let mut limbs = vec![0; bits.div_ceil(64) as usize];
    // There is a place for each limb.
    check(unsafe {
        sys::prk_random_prime(
            bits,
            false,
            None,
            std::ptr::null_mut(),
            &options.raw(),
            std::ptr::null_mut(),
            limbs.as_mut_ptr(),
            std::ptr::null_mut(),
        )
    })?;
    Ok(limbs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_those_of_a_sieve() {
        let mut is_composite = [false; 3000];
        for p in 2..3000 {
            for multiple in (2 * p..3000).step_by(p) {
                is_composite[multiple] = true;
            }
        }
        for n in 0..3000u64 {
            assert_eq!(is_prime(n), n >= 2 && !is_composite[n as usize], "{n}");
        }
        let expected: Vec<u64> = (2..3000).filter(|&n| !is_composite[n as usize]).collect();
        assert_eq!(primes(0, 2999).unwrap(), expected);
    }

    #[test]
    fn long_ranges_come_whole() {
        assert_eq!(primes(0, 1_000_000).unwrap().len(), 78498);
        assert_eq!(primes(u64::MAX - 58, u64::MAX).unwrap(), [u64::MAX - 58]);
        assert_eq!(next_prime(u64::MAX - 58), None);
    }

    #[test]
    fn numbers_of_any_size() {
        let numbers: [&[u64]; 5] = [&[], &[1], &[u64::MAX, u64::MAX >> 1], &[13, 1], &[15, 1, 0]];
        assert_eq!(
            test(&numbers, &Options::default()).unwrap(),
            [Verdict::Neither, Verdict::Neither, Verdict::Prime, Verdict::ProbablePrime, Verdict::Composite]
        );
        assert_eq!(test(&[], &Options::default()).unwrap(), []);
    }

    #[test]
    fn random_ones_have_their_size_and_pass() {
        for bits in [2, 64, 65, 200] {
            let prime = random_prime(bits, &Options::default()).unwrap();
            let size = 64 * prime.len() as u64 - u64::from(prime[prime.len() - 1].leading_zeros());
            assert_eq!(size, bits);
            let verdict = test(&[&prime], &Options::default()).unwrap()[0];
            assert!(matches!(verdict, Verdict::Prime | Verdict::ProbablePrime));
        }
        assert_eq!(random_prime(1, &Options::default()).unwrap_err().to_string(), "invalid argument");
    }

    #[test]
    fn a_raised_flag_ends_a_test() {
        let flag = AtomicU32::new(1);
        let options = Options { cancel: Some(&flag), ..Options::default() };
        assert_eq!(test(&[&[13, 1]], &options).unwrap_err().to_string(), "cancelled");
    }
}

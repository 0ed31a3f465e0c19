// SPDX-License-Identifier: Apache-2.0

//! Declarations of libprimality 0.2, as primality.h and prk_search.h have them; those headers say what each does.
//!
//! Numbers of any size are arrays of 64-bit limbs, least significant limb first.

#![allow(non_camel_case_types)]
#![no_std]

use core::ffi::{c_char, c_int, c_void};

/// PRK_STATUS_…
pub type prk_status = c_int;
pub const PRK_STATUS_OK: prk_status = 0;
pub const PRK_STATUS_INVALID_ARGUMENT: prk_status = 1;
pub const PRK_STATUS_NO_MEMORY: prk_status = 2;
pub const PRK_STATUS_LEVEL_UNAVAILABLE: prk_status = 3;
pub const PRK_STATUS_CANCELLED: prk_status = 5;
pub const PRK_STATUS_TOO_LARGE: prk_status = 6;
pub const PRK_STATUS_UNRELIABLE: prk_status = 7;

pub const PRK_NEITHER: u8 = 0;
pub const PRK_COMPOSITE: u8 = 1;
pub const PRK_PROBABLE_PRIME: u8 = 2;
pub const PRK_PRIME: u8 = 3;
pub const PRK_UNTESTED: u8 = 255;

/// PRK_ENGINE_…
pub type prk_engine = c_int;
pub const PRK_ENGINE_AUTO: prk_engine = 0;

/// Good `rounds` for numbers that somebody may have made to pass Baillie–PSW.
pub const PRK_DEFAULT_ROUNDS: u32 = 2;

/// How to test. All zero is Baillie–PSW alone.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct prk_options {
    pub size: u32,
    pub report_size: u32,
    pub seed: u64,
    pub cancel: *const u32,
    pub rounds: u32,
    pub want_residue: bool,
    pub reserved: [u8; 3],
    pub forms: *const c_void,
    pub form_size: u32,
    pub reserved_too: u32,
    pub long_tests: *mut c_void,
}

/// A verdict and its evidence.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct prk_report {
    pub size: u32,
    pub round: u32,
    pub factor: u64,
    pub residue: u64,
    pub cpu_ns: u64,
    pub lucas_p: i64,
    pub lucas_q: i64,
    pub base: u64,
    pub verdict: u8,
    pub method: u8,
    pub fields: u8,
    pub engine: u8,
    pub lucas_condition: u32,
    pub alarms: u32,
    pub checks: u32,
    pub repaired: u32,
    pub reserved: u32,
}

/// Memory that tests reuse; for one thread at a time.
#[repr(C)]
pub struct prk_scratch {
    _private: [u8; 0],
}

/// Gives a random word.
pub type prk_word_source = unsafe extern "C" fn(context: *mut c_void) -> u64;

extern "C" {
    pub fn prk_is_prime_u64(n: u64) -> bool;
    pub fn prk_smallest_factor_u64(n: u64, factor: *mut u64) -> prk_status;
    pub fn prk_test_u64_batch(n: *const u64, verdicts: *mut u8, count: usize) -> prk_status;
    pub fn prk_test_batch(
        engine: prk_engine,
        limbs: *const u64,
        offsets: *const u64,
        count: usize,
        options: *const prk_options,
        scratch: *mut prk_scratch,
        verdicts: *mut u8,
        reports: *mut prk_report,
    ) -> prk_status;
    pub fn prk_next_prime_u64(n: u64) -> u64;
    pub fn prk_previous_prime_u64(n: u64) -> u64;
    pub fn prk_primes_u64(
        low: u64,
        high: u64,
        cancel: *const u32,
        primes: *mut u64,
        capacity: usize,
        count: *mut usize,
    ) -> prk_status;
    pub fn prk_next_prime(
        limbs: *const u64,
        limb_count: usize,
        options: *const prk_options,
        scratch: *mut prk_scratch,
        prime: *mut u64,
        report: *mut prk_report,
    ) -> prk_status;
    pub fn prk_random_prime(
        bits: u64,
        is_safe: bool,
        words: Option<prk_word_source>,
        context: *mut c_void,
        options: *const prk_options,
        scratch: *mut prk_scratch,
        prime: *mut u64,
        report: *mut prk_report,
    ) -> prk_status;
    pub fn prk_status_name(status: prk_status) -> *const c_char;
    pub fn prk_method_name(method: c_int) -> *const c_char;
    pub fn prk_version() -> *const c_char;
}

// SPDX-License-Identifier: Apache-2.0
//
// Asks pkg-config where `make install` has put the library.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_SYSROOT_DIR");
    let answer = Command::new("pkg-config")
        .args(["--libs", "primality >= 0.2.0"])
        .output()
        .expect("pkg-config is missing: apt install pkg-config");
    if !answer.status.success() {
        panic!(
            "libprimality 0.2 was not found: run `make install PREFIX=…` in swift-primality, and set \
             PKG_CONFIG_PATH=…/lib/pkgconfig where the prefix is not /usr\n{}",
            String::from_utf8_lossy(&answer.stderr)
        );
    }
    for word in String::from_utf8_lossy(&answer.stdout).split_whitespace() {
        if let Some(folder) = word.strip_prefix("-L") {
            println!("cargo:rustc-link-search=native={folder}");
        } else if let Some(name) = word.strip_prefix("-l") {
            println!("cargo:rustc-link-lib=dylib={name}");
        }
    }
}

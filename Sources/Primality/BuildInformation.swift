// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// Versions of what this library was built from.
public enum BuildInformation {
    /// The library's version.
    public static var version: String { unsafe String(cString: prk_version()) }
    /// The version of GMP at run time.
    public static var gmpVersion: String { unsafe String(cString: prk_gmp_version()) }
    /// The C compiler that built the kernels.
    public static var compiler: String { unsafe String(cString: prk_compiler()) }
    /// The version of the Swift compiler, as far as a program can ask for it.
    public static var swiftVersion: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}

//! Leaves the unwind tables out of the release binary, a tenth of its size: it aborts on panic
//! (`panic = "abort"`), so nothing ever unwinds. Only the binary: a test's panic must unwind.

use std::path::PathBuf;
use std::{env, fs};

/// Taken into the linker's own script, for GNU ld and LLD alike. The ends of the table stay: on aarch64
/// the C runtime's start-up code refers to them.
const LINKER_SCRIPT: &str = "SECTIONS { /DISCARD/ : { \
    *(EXCLUDE_FILE(*crtbegin*.o *crtend*.o) .eh_frame) *(.eh_frame_hdr) \
    *(.gcc_except_table .gcc_except_table.*) } } INSERT AFTER .text;";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|v| v == value);
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    let script = folder.join("no-unwind-tables.ld");
    match fs::write(&script, LINKER_SCRIPT) {
        Ok(()) => {
            println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
            // `_Unwind_Backtrace` is the binary's own, and also in an object that libc needs.
            println!("cargo::rustc-link-arg-bins=-Wl,--allow-multiple-definition");
            println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
        }
        Err(error) => println!("cargo::warning=unwind tables stay in the binary: {error}"),
    }
}

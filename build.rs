//! Leaves the unwind tables and the unwinder out of the release binary, a tenth of its size: it
//! aborts on panic (`panic = "abort"`), so nothing ever unwinds. Only the binary: a test's panic must.

use std::path::PathBuf;
use std::{env, fs};

/// Taken into the linker's own script, for GNU ld and LLD alike. The ends of the table stay: on aarch64
/// the C runtime's start-up code refers to them.
const LINKER_SCRIPT: &str = "SECTIONS { /DISCARD/ : { \
    *(EXCLUDE_FILE(*crtbegin*.o *crtend*.o) .eh_frame) *(.eh_frame_hdr) \
    *(.gcc_except_table .gcc_except_table.*) } } INSERT AFTER .text;";

/// What refers to the unwinder: the personality routines that the tables of std and libc name, and
/// the end of each landing pad in std. Nothing gets there; if it did, it would abort.
const NEVER_CALLED: [&str; 3] = ["rust_eh_personality", "__gcc_personality_v0", "_Unwind_Resume"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(without_unwinder)");
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|v| v == value);
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    let script = folder.join("no-unwind-tables.ld");
    match fs::write(&script, LINKER_SCRIPT) {
        Ok(()) => {
            println!("cargo::rustc-cfg=without_unwinder");
            println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
            // An archive's object may come in for another symbol, and define these again.
            println!("cargo::rustc-link-arg-bins=-Wl,--allow-multiple-definition");
            for symbol in NEVER_CALLED {
                println!("cargo::rustc-link-arg-bins=-Wl,--defsym={symbol}=abort");
            }
            println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
        }
        Err(error) => {
            println!("cargo::warning=the unwinder and its tables stay in the binary: {error}");
        }
    }
}

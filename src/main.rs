//! Who was called, and with which exit code it ends.
//!
//! The C entry point instead of Rust's: Rust's runtime would ignore SIGPIPE and open closed
//! standard streams before `main`, and the application would inherit both.

#![no_main]
// No panic on any input. Here and not in Cargo.toml: a test that fails has to panic.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt as _;

use hydra_shim::error::{Caller, Error};
use hydra_shim::log::Log;
use hydra_shim::{cli, in_place, interpose, run};

/// Called by the C runtime.
///
/// # Safety
/// `strings` points to `count` pointers to NUL-terminated strings that live as long as the process.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(count: c_int, strings: *const *const c_char) -> c_int {
    let argv: Vec<OsString> = (0..usize::try_from(count).unwrap_or(0))
        .map(|index| {
            // SAFETY: as the caller promises.
            let argument = unsafe { CStr::from_ptr(*strings.add(index)) };
            OsStr::from_bytes(argument.to_bytes()).to_owned()
        })
        .collect();
    dispatch(argv)
}

fn dispatch(mut argv: Vec<OsString>) -> i32 {
    // In an interpreter's place it may be called anything.
    let place = in_place::own_place();
    let own_name = place.is_none()
        && (argv.first().is_none_or(|called| interpose::is_own_name(called))
            || cli::is_renamed(&argv));
    let log = Log::from_environment();
    let (caller, result) = if !own_name {
        (
            Caller::Exec,
            run::interposed(&argv, place.as_deref(), log)
                .map(|never| match never {})
                .map_err(Into::into),
        )
    } else if argv.get(1).is_some_and(|subcommand| subcommand == "run") {
        argv.drain(..2);
        (Caller::Exec, run::run(argv, log).map(|never| match never {}).map_err(Into::into))
    } else {
        (Caller::Tool, cli::main(argv.get(1..).unwrap_or_default()))
    };
    result.unwrap_or_else(|error| {
        let error = Error::from_chain(&error);
        log.report_error(&error);
        caller.exit_code(error.kind)
    })
}

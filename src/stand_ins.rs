//! Functions of the C runtime that the release binary has its own of, because the runtime's draw in
//! what the shim never uses. The linker prefers these; `build.rs` tells it the rest, and sets
//! `without_unwinder`.

#[cfg(target_env = "gnu")]
use std::ffi::{c_char, c_uint};
use std::ffi::{c_int, c_void};

/// libgcc's: a backtrace ends before its first frame. There are no unwind tables to walk, and as
/// nothing calls the symbolizer that std would name frames with, 190 KB are left out.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Backtrace(_: *const c_void, _: *mut c_void) -> c_int {
    const END_OF_STACK: c_int = 5;
    END_OF_STACK
}

/// glibc's, for the assertions in its start-up code: writes the assertion as it is. Its own formats
/// and translates a message, with 30 KB of wide-character stdio.
///
/// # Safety
/// `assertion` is NUL-terminated.
#[cfg(target_env = "gnu")]
#[unsafe(no_mangle)]
unsafe extern "C" fn __assert_fail(
    assertion: *const c_char,
    _file: *const c_char,
    _line: c_uint,
    _function: *const c_char,
) -> ! {
    // SAFETY: as the caller promises.
    unsafe { libc::write(libc::STDERR_FILENO, assertion.cast(), libc::strlen(assertion)) };
    std::process::abort()
}

//! PATH and execve: the one step from which there is no way back.

use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::command_line::Program;
use crate::error::{Error, Kind, Result, quote, visible};

/// Where `execvp` looks without a PATH (`confstr(_CS_PATH)` of glibc).
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The running shim, to be recognised among the programs in PATH.
struct CurrentExe {
    path: PathBuf,
    metadata: Option<Metadata>,
}

impl CurrentExe {
    /// Asks the kernel.
    fn find() -> Self {
        let path = PathBuf::from("/proc/self/exe");
        let metadata = path.metadata().ok();
        Self { path, metadata }
    }

    /// Whether `file` is this program: the same file, or a copy of it.
    fn is(&self, file: &Path, metadata: &Metadata) -> bool {
        self.metadata.as_ref().is_some_and(|mine| {
            same_file(mine, metadata)
                || (mine.len() == metadata.len() && same_bytes(&self.path, file))
        })
    }
}

fn same_file(a: &Metadata, b: &Metadata) -> bool {
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

fn same_bytes(a: &Path, b: &Path) -> bool {
    matches!((std::fs::read(a), std::fs::read(b)), (Ok(a), Ok(b)) if a == b)
}

/// The program that the shell would start for `name`, but never the shim itself.
///
/// A name with a slash is a path and stays one, unless it is the shim under an interpreter's or a
/// launcher's name; under any other name the shim there interposes.
///
/// # Errors
/// Nothing of that name is in PATH (127), or nothing that may be executed (126).
pub fn find(name: &OsStr, path: Option<OsString>) -> Result<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        let file = PathBuf::from(name);
        // Only under such a name is it likely to be a shim, and looking costs a tenth of a start.
        if !matches!(Program::of(&name.to_string_lossy()), Program::Starter | Program::Other) {
            let current = CurrentExe::find();
            let itself = file.metadata().is_ok_and(|metadata| current.is(&file, &metadata));
            if let (true, Some(name)) = (itself, file.file_name()) {
                return search(name, folders(path), &current);
            }
        }
        return Ok(file);
    }
    search(name, folders(path), &CurrentExe::find())
}

/// The real program after the shim that was called as `called` (argv\[0\]): the first of that name
/// in PATH after the folder in which the shim was found.
///
/// # Errors
/// As [`find`].
pub fn find_after(called: &OsStr, path: Option<OsString>) -> Result<PathBuf> {
    let current = &CurrentExe::find();
    let called = Path::new(called);
    let name = called.file_name().unwrap_or_default();
    let folders = folders(path);
    let own_folder = called
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .and_then(|folder| folder.metadata().ok());
    let place = folders.iter().position(|folder| {
        if let Some(own) = &own_folder {
            folder.metadata().is_ok_and(|metadata| same_file(own, &metadata))
        } else {
            let file = folder.join(name);
            file.metadata().is_ok_and(|metadata| current.is(&file, &metadata))
        }
    });
    let after = folders.get(place.map_or(0, |place| place + 1)..).unwrap_or_default();
    search(name, after.to_vec(), current).map_err(|error| match error.kind {
        Kind::NotFound => {
            let message = format!(
                "{} is not found: after the shim PATH has no other program of that name",
                quote(&name.to_string_lossy())
            );
            Error::new(Kind::NotFound, message)
                .help("install the program, in a folder of PATH that comes after the shim's")
        }
        _ => error,
    })
}

/// The folders of PATH, absolute, each once.
fn folders(path: Option<OsString>) -> Vec<PathBuf> {
    let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
    let mut seen: Vec<(u64, u64)> = Vec::new();
    std::env::split_paths(&path)
        .filter_map(|folder| {
            // An empty part is the working directory.
            let folder = std::path::absolute(if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                &folder
            })
            .ok()?;
            let metadata = folder.metadata().ok()?;
            let id = (metadata.dev(), metadata.ino());
            if seen.contains(&id) {
                return None;
            }
            seen.push(id);
            Some(folder)
        })
        .collect()
}

fn search(name: &OsStr, folders: Vec<PathBuf>, current: &CurrentExe) -> Result<PathBuf> {
    let mut forbidden = None;
    let mut skipped_ours = false;
    for folder in folders {
        let file = folder.join(name);
        let Ok(metadata) = file.metadata() else {
            continue;
        };
        if current.is(&file, &metadata) {
            skipped_ours = true;
        } else if metadata.is_file() && is_executable(&file) {
            return Ok(file);
        } else {
            forbidden.get_or_insert(file);
        }
    }
    let shown = quote(&name.to_string_lossy());
    if let Some(file) = forbidden {
        return Err(Error::new(
            Kind::CannotExecute,
            format!("{} cannot be executed", quote(&file.to_string_lossy())),
        )
        .help("it is in PATH, but is not a file with the execute permission"));
    }
    let error = Error::new(Kind::NotFound, format!("{shown} is not found in PATH"));
    Err(if skipped_ours {
        error.help("PATH has only the shim under that name; the real program must come after it")
    } else {
        error.help(
            "name a program that is in the image, a script by its interpreter (python3 main.py), or \
             set HYDRA_SHIM_COMMAND",
        )
    })
}

fn is_executable(file: &Path) -> bool {
    let Ok(file) = CString::new(file.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: `file` is a NUL-terminated string that lives through the call.
    unsafe { libc::access(file.as_ptr(), libc::X_OK) == 0 }
}

/// Replaces this process by `program` with `argv`, the environment as it is.
///
/// Not `std`'s `CommandExt::exec`: that gives the program an empty signal mask and the default
/// SIGPIPE, while the shim must leave both as its caller set them.
///
/// # Errors
/// The kernel refused: 127 if the file is not there, else 126.
pub fn exec<S: AsRef<OsStr>>(program: &Path, argv: &[S]) -> Result<Infallible> {
    let refused = |error: io::Error| explain(program, argv, &error);
    let file = CString::new(program.as_os_str().as_bytes()).map_err(|e| refused(e.into()))?;
    // All strings in one allocation: a long command line is copied once, not string by string.
    let lengths = argv.iter().map(|argument| argument.as_ref().len() + 1);
    let mut strings: Vec<u8> = Vec::with_capacity(lengths.sum());
    let mut offsets = Vec::with_capacity(argv.len());
    for argument in argv {
        let bytes = argument.as_ref().as_bytes();
        if bytes.contains(&0) {
            return Err(refused(io::ErrorKind::InvalidInput.into()));
        }
        offsets.push(strings.len());
        strings.extend_from_slice(bytes);
        strings.push(0);
    }
    let start = strings.as_ptr().cast::<libc::c_char>();
    let mut pointers: Vec<*const libc::c_char> =
        offsets.into_iter().map(|offset| start.wrapping_add(offset)).collect();
    pointers.push(std::ptr::null());
    // SAFETY: `file` and every element of `pointers` but the last, which is null, point to
    // NUL-terminated strings that live through the call.
    unsafe { libc::execv(file.as_ptr(), pointers.as_ptr()) };
    Err(refused(io::Error::last_os_error()))
}

/// What the kernel's refusal to start `program` with `argv` means to a person.
pub fn explain<S: AsRef<OsStr>>(program: &Path, argv: &[S], error: &io::Error) -> Error {
    let shown = quote(&program.to_string_lossy());
    let cannot =
        |why: String| Error::new(Kind::CannotExecute, format!("cannot execute {shown}: {why}"));
    let metadata = program.metadata();
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENOTDIR) if metadata.is_err() => {
            Error::new(Kind::NotFound, format!("{shown} is not found"))
        }
        Some(libc::ENOENT) => cannot("the interpreter that it names is not there".to_owned())
            .help("look at its #! line, or, for a binary, at its dynamic loader (`file`)"),
        Some(libc::EACCES) if metadata.is_ok_and(|m| m.is_dir()) => {
            cannot("it is a folder".to_owned())
        }
        Some(libc::EACCES) => cannot("permission denied".to_owned()).help(format!(
            "chmod +x it or, if it is a Python script, name its interpreter: python3 {}",
            visible(&program.to_string_lossy())
        )),
        Some(libc::ENOEXEC) => {
            cannot("it is not a program, or a script without a #! line".to_owned())
                .help("name its interpreter: sh script.sh -- --lr 0.1")
        }
        Some(libc::E2BIG) => too_big(&shown, argv),
        _ => cannot(error.to_string()),
    }
}

fn too_big<S: AsRef<OsStr>>(shown: &str, argv: &[S]) -> Error {
    let sizes = argv.iter().map(|argument| argument.as_ref().len() + 1);
    let total: usize = sizes.clone().sum();
    let longest = sizes.max().unwrap_or(0);
    let most = longest_argument().filter(|most| longest > *most);
    let error = if let Some(most) = most {
        format!("one argument has {longest} bytes; the kernel takes at most {most}")
    } else {
        let limit = argument_limit().map_or(String::new(), |limit| {
            format!(
                "; with the environment the kernel takes at most {limit} (a quarter of `ulimit -s`)"
            )
        });
        format!("its {} arguments have {total} bytes{limit}", argv.len())
    };
    Error::new(
        Kind::CannotExecute,
        format!("cannot execute {shown}: the argument list is too long: {error}"),
    )
    .help("pass large values as a file (an artifact or inputPath)")
}

/// The kernel's limit for a single argument: 32 pages (`MAX_ARG_STRLEN` in
/// `include/uapi/linux/binfmts.h`), which on aarch64 may have 64 KiB each.
fn longest_argument() -> Option<usize> {
    // SAFETY: `sysconf` reads no memory of ours.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(page).ok().map(|page| 32 * page)
}

/// A quarter of the stack's limit, at most 6 MiB (`fs/exec.c`, `bprm_stack_limits`).
fn argument_limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the result.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_STACK, &raw mut limit) } == 0;
    known.then(|| (limit.rlim_cur / 4).min(6 << 20))
}

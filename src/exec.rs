//! PATH and execve: the one step from which there is no way back.

use std::collections::HashSet;
use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString, c_char};
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::command_line::Program;
use crate::error::{Error, Kind, Result, quote, visible};

/// Where `execvp` looks without a PATH (`confstr(_CS_PATH)` of glibc).
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The file that this process was started from, as the kernel shows it.
pub const OWN_FILE: &str = "/proc/self/exe";

/// The running shim, to be recognised among the programs in PATH.
struct CurrentExe(Option<Metadata>);

impl CurrentExe {
    fn find() -> Self {
        Self(Path::new(OWN_FILE).metadata().ok())
    }

    /// Whether `file` is this program: the same file, or a copy of it.
    fn is(&self, file: &Path) -> bool {
        let (Some(mine), Ok(other)) = (&self.0, file.metadata()) else { return false };
        same_file(mine, &other)
            || (mine.len() == other.len() && same_bytes(Path::new(OWN_FILE), file))
    }
}

/// Whether both are the same inode.
pub fn same_file(a: &Metadata, b: &Metadata) -> bool {
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
            if let (true, Some(name)) = (current.is(&file), file.file_name()) {
                return search(name, &folders(path), &current);
            }
        }
        return Ok(file);
    }
    search(name, &folders(path), &CurrentExe::find())
}

/// The file that whoever starts `name` finds in PATH, be it a shim.
///
/// # Errors
/// As [`find`].
pub fn find_first(name: &OsStr, path: Option<OsString>) -> Result<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        let file = PathBuf::from(name);
        let metadata = file.metadata().map_err(|error| explain(&file, &[], &error));
        return metadata.map(|_| file);
    }
    search(name, &folders(path), &CurrentExe(None))
}

/// Whether a file is the shim: this program, or a copy of it.
pub fn is_shim(file: &Path) -> bool {
    CurrentExe::find().is(file)
}

/// The shim of that name, wherever it is in PATH.
pub fn find_shim(name: &OsStr, path: Option<OsString>) -> Option<PathBuf> {
    let current = CurrentExe::find();
    folders(path).into_iter().map(|folder| folder.join(name)).find(|file| current.is(file))
}

/// The command that the kernel starts for a script: of its `#!` line the program, and the rest as one
/// argument. `None` for what is not a script.
pub fn script_command(file: &Path) -> Option<Vec<String>> {
    let mut start = Vec::new();
    // As much as the kernel reads of it (`BINPRM_BUF_SIZE`).
    File::open(file).ok()?.take(256).read_to_end(&mut start).ok()?;
    let text = String::from_utf8_lossy(&start);
    let line = text.strip_prefix("#!")?.lines().next()?.trim();
    Some(line.splitn(2, [' ', '\t']).map(|word| word.trim().to_owned()).collect())
}

/// The real program after the shim that was called as `called` (argv\[0\]): the first of that name
/// in PATH after the folder in which the shim was found.
///
/// # Errors
/// As [`find`]; or the shim cannot tell itself from another program, and would start itself (127).
pub fn find_after(called: &OsStr, path: Option<OsString>) -> Result<PathBuf> {
    let current = &CurrentExe::find();
    if current.0.is_none() {
        let message = format!("{OWN_FILE} is not there, by which the shim knows itself");
        return Err(Error::new(Kind::NotFound, message).help("mount /proc"));
    }
    let called = Path::new(called);
    let name = called.file_name().unwrap_or_default();
    let folders = folders(path);
    // Of a bare name the parent is an empty path, which is not a folder's.
    let own_folder = called.parent().and_then(|folder| folder.metadata().ok());
    let place = folders.iter().position(|folder| match &own_folder {
        Some(own) => folder.metadata().is_ok_and(|metadata| same_file(own, &metadata)),
        None => current.is(&folder.join(name)),
    });
    let after = folders.get(place.map_or(0, |place| place + 1)..).unwrap_or_default();
    search(name, after, current).map_err(|error| match error.kind {
        Kind::NotFound => {
            let name = quote(&name.to_string_lossy());
            let why = "after the shim PATH has no other program of that name";
            Error::new(Kind::NotFound, format!("{name} is not found: {why}"))
                .help("install the program, in a folder of PATH that comes after the shim's")
        }
        _ => error,
    })
}

/// The folders of PATH, absolute, each once.
fn folders(path: Option<OsString>) -> Vec<PathBuf> {
    let path = path.unwrap_or_else(|| DEFAULT_PATH.into());
    let mut seen = HashSet::new();
    std::env::split_paths(&path)
        .filter_map(|folder| {
            // An empty part is the working directory.
            let folder = std::path::absolute(Path::new(".").join(folder)).ok()?;
            let metadata = folder.metadata().ok()?;
            seen.insert((metadata.dev(), metadata.ino())).then_some(folder)
        })
        .collect()
}

fn search(name: &OsStr, folders: &[PathBuf], current: &CurrentExe) -> Result<PathBuf> {
    let mut forbidden = None;
    let mut skipped_ours = false;
    // Without a name it would be the folder itself.
    let folders = if name.is_empty() { &[] } else { folders };
    for file in folders.iter().map(|folder| folder.join(name)) {
        let Ok(metadata) = file.metadata() else { continue };
        if current.is(&file) {
            skipped_ours = true;
        } else if metadata.is_file() && is_executable(&file) {
            return Ok(file);
        } else {
            forbidden.get_or_insert(file);
        }
    }
    if let Some(file) = forbidden {
        let message = format!("{} cannot be executed", quote(&file.to_string_lossy()));
        return Err(Error::new(Kind::CannotExecute, message)
            .help("it is in PATH, but is not a file with the execute permission"));
    }
    let shown = quote(&name.to_string_lossy());
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
    // SAFETY: `file` is a NUL-terminated string that lives through the call.
    c_string(file.as_os_str())
        .is_ok_and(|file| unsafe { libc::access(file.as_ptr(), libc::X_OK) == 0 })
}

/// Replaces this process by `program` with `argv`, the environment as it is.
///
/// Not `std`'s `CommandExt::exec`: that gives the program an empty signal mask and the default
/// SIGPIPE, while the shim must leave both as its caller set them.
///
/// # Errors
/// The kernel refused: 127 if the file is not there, else 126.
pub fn exec(program: &Path, argv: &[&OsStr]) -> Result<Infallible> {
    let refused = |error: io::Error| explain(program, argv, &error);
    let file = c_string(program.as_os_str()).map_err(refused)?;
    let strings: io::Result<Vec<CString>> = argv.iter().map(|a| c_string(a)).collect();
    let strings = strings.map_err(refused)?;
    let pointers = strings.iter().map(|string| string.as_ptr());
    let pointers: Vec<*const c_char> = pointers.chain([std::ptr::null()]).collect();
    // SAFETY: `file` and every element of `pointers` but the last, which is null, point to
    // NUL-terminated strings that live through the call.
    unsafe { libc::execv(file.as_ptr(), pointers.as_ptr()) };
    Err(refused(io::Error::last_os_error()))
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    Ok(CString::new(text.as_bytes())?)
}

/// What the kernel's refusal to start `program` with `argv` means to a person.
pub fn explain(program: &Path, argv: &[&OsStr], error: &io::Error) -> Error {
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

fn too_big(shown: &str, argv: &[&OsStr]) -> Error {
    let sizes = argv.iter().map(|argument| argument.len() + 1);
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

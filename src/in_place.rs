//! A shim in the place of an interpreter (`install --in-place`), and the interpreter that is kept
//! beside it.
//!
//! It is found from the file that this process was started from. argv\[0\] and the environment are
//! the caller's, and are passed on as they were received: Python tells by them where its environment
//! and its packages are.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Kind, Result, quote};
use crate::exec::{self, OWN_FILE};
use crate::interpose::is_own_name;
use crate::python::VirtualEnvironment;

/// What the file of a shim in an interpreter's place ends with, after a NUL and the place's path: so such a
/// shim is known in each version, and in each copy (`venv --copies` makes some).
pub const MARK: &[u8; 44] = b"\nhydra-shim: in the place of an interpreter\n";

/// What the name of a kept interpreter ends with.
pub const KEPT: &str = ".hydra-shim-kept";

/// Whether `file` is a shim in an interpreter's place.
pub fn is_marked(file: &Path) -> bool {
    let ends_so = || {
        // Without waiting: what is there may be a pipe.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(file).ok()?;
        let at = file.metadata().ok()?.len().checked_sub(MARK.len() as u64)?;
        let mut end = [0; MARK.len()];
        file.read_exact_at(&mut end, at).ok()?;
        Some(end == *MARK)
    };
    ends_so().unwrap_or(false)
}

/// Where the interpreter is kept whose place `file` is.
pub fn kept(file: &Path) -> PathBuf {
    let mut kept = file.as_os_str().to_owned();
    kept.push(KEPT);
    kept.into()
}

/// The place of this process's own shim, if it is in one.
pub fn own_place() -> Option<PathBuf> {
    let own = Path::new(OWN_FILE);
    let place = own.read_link().ok()?;
    if is_own_name(place.as_os_str()) || !is_marked(own) {
        return None;
    }
    // What the kernel adds where another file has taken the name since.
    let name = place.as_os_str().as_bytes().strip_suffix(b" (deleted)");
    Some(match name {
        Some(name) if place.symlink_metadata().is_err() => OsStr::from_bytes(name).into(),
        _ => place,
    })
}

/// Becomes the program at `path` with `argv`; where a shim is in an interpreter's place there, that
/// interpreter.
///
/// # Errors
/// As [`exec::exec`], or the interpreter is not there (127).
pub fn exec(path: &Path, argv: &[&OsStr]) -> Result<Infallible> {
    let attempt = || exec::exec(&interpreter(path)?, argv);
    // `install` and its `--undo` rename: a name that has been looked up may be gone when it is used.
    for _ in 0..2 {
        match attempt() {
            Err(error) if error.kind == Kind::NotFound && path.exists() => {}
            result => return result,
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    attempt()
}

/// The program at `path`, or the interpreter in whose place a shim is there.
///
/// # Errors
/// It is not there (127).
pub fn interpreter(path: &Path) -> Result<PathBuf> {
    if !is_marked(path) {
        // No shim, or none any more: the interpreter was put back, or upgraded.
        return Ok(path.to_owned());
    }
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = kept(&place);
    if beside.exists() {
        return Ok(beside);
    }
    let there = |base: PathBuf| match kept(&base) {
        kept if kept.exists() => Some(kept),
        _ => Some(base).filter(|base| base.exists() && !is_marked(base)),
    };
    base(&place).and_then(there).or_else(|| copied_from(&place).and_then(there)).ok_or_else(|| {
        let (place, beside) = (place.to_string_lossy(), beside.to_string_lossy());
        let (place, beside) = (quote(&place), quote(&beside));
        let message = format!("{beside} is not found: the shim {place} is in its place");
        Error::new(Kind::NotFound, message).help("install that Python again")
    })
}

/// The place of the shim that `copy` is a copy of: its file says it.
fn copied_from(copy: &Path) -> Option<PathBuf> {
    let file = fs::read(copy).ok()?;
    let place = file.strip_suffix(MARK)?.rsplit(|byte| *byte == 0).next()?;
    Some(OsStr::from_bytes(place).into())
}

/// The interpreter whose virtual environment has a copy of it at `place`, followed to its end: the
/// `home` in the environment's `pyvenv.cfg`.
fn base(place: &Path) -> Option<PathBuf> {
    let environment = VirtualEnvironment::of(place)?;
    let home = Path::new(environment.setting("home")?);
    // `python3` may be another version's there. venv writes `version`, virtualenv `version_info`.
    let version = environment.setting("version").or_else(|| environment.setting("version_info"));
    let numbers: Vec<&str> = version.unwrap_or_default().splitn(3, '.').take(2).collect();
    let by_version = home.join(format!("python{}", numbers.join(".")));
    let by_name = home.join(place.file_name()?);
    fs::canonicalize(by_version).or_else(|_| fs::canonicalize(by_name)).ok()
}

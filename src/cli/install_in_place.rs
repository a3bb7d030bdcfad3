//! `install --in-place`: the shim takes the place of an interpreter, which is kept beside it.
//!
//! What is replaced is the file at the end of a chain of links, never a link: so all that Python finds
//! from its own path (prefix, packages, virtual environments) stays as it was. The interpreter stays in
//! its folder, from which it may look for its libraries, and a rename takes its name over: at no moment
//! is there no interpreter.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempPath;

use super::install::shown;
use super::replace::{beside, sync_folder};
use crate::error::{Error, quote};
use crate::exec::{self, OWN_FILE};
use crate::in_place::{KEPT, MARK, is_marked, kept};

/// Puts the shim in the place of each of `pythons` (a path, or a name in PATH), and says what is reached
/// by it. `force` gives up what was kept of an interpreter before the one that is there now.
///
/// # Errors
/// One of them is not an interpreter that can be replaced: all are checked before the first is.
pub(super) fn install(pythons: &[OsString], force: bool) -> Result<String> {
    let mut prepared: Vec<(&OsString, Prepared)> = Vec::new();
    for python in pythons {
        let place = place(python)?;
        if prepared.iter().all(|(_, other)| other.place != place) {
            prepared.push((python, Prepared::new(place, force)?));
        }
    }
    let mut said = String::new();
    for (python, Prepared { place, shim, kept_now }) in prepared {
        shim.persist(&place)
            .map_err(|error| error.error)
            .with_context(|| cannot_replace(&place))?;
        if let Some(kept) = kept_now {
            kept.keep()?;
        }
        sync_folder(&place);
        let links = links_to(&place, Path::new(python));
        let (kept, place) = (shown(&kept(&place)), shown(&place));
        let _ = writeln!(
            said,
            "{place} is the shim now, and {kept} the interpreter\n\
             reached as well: {links}each environment whose python is a link to it (for one \
             environment alone: python -m venv --copies, and its own python)"
        );
        if dpkg(&["dpkg-query", "--search", &place]).is_some() {
            let _ = writeln!(
                said,
                "next: a package owns it; for upgrades to find the interpreter: dpkg-divert \
                 --no-rename --divert {kept} --add {place}"
            );
        }
    }
    Ok(said)
}

/// Puts the interpreters of `pythons` back.
///
/// # Errors
/// There is no shim in the place of one. Where it was upgraded since, the upgrade stays.
pub(super) fn undo(pythons: &[OsString]) -> Result<String> {
    let mut said = String::new();
    for python in pythons {
        let place = place(python)?;
        let kept = kept(&place);
        if is_same_file(&place, &kept) {
            // `install` was stopped half-way. To rename one name of a file to another does nothing.
            fs::remove_file(&kept).with_context(|| cannot_replace(&place))?;
        } else if is_marked(&place) {
            fs::rename(&kept, &place)
                .with_context(|| format!("cannot put {} back", quote(&kept.to_string_lossy())))?;
        } else {
            let mut error = refused(&place, "is not a shim in an interpreter's place");
            if kept.exists() {
                let kept = quote(&kept.to_string_lossy());
                error = error.help(format!("it was upgraded since, and stays; {kept} can go"));
            }
            return Err(error.into());
        }
        sync_folder(&place);
        let place = shown(&place);
        let _ = writeln!(said, "{place} is the interpreter again");
        if dpkg(&["dpkg-divert", "--listpackage", &place]).is_some_and(|by| by.trim() == "LOCAL") {
            let _ = writeln!(said, "next: dpkg-divert --no-rename --remove {place}");
        }
    }
    Ok(said)
}

/// A place that can be taken, before it is. What was made for it is removed unless it is.
struct Prepared {
    place: PathBuf,
    shim: TempPath,
    /// The second name of the interpreter; `None` where it was kept before.
    kept_now: Option<TempPath>,
}

impl Prepared {
    fn new(place: PathBuf, force: bool) -> Result<Self> {
        let kept = kept(&place);
        let metadata = place.metadata()?;
        // A pipe would be waited for.
        let there = if metadata.is_file() { fs::read(&place) } else { Ok(Vec::new()) };
        let there = there.with_context(|| cannot_replace(&place))?;
        let mut shim = fs::read(OWN_FILE).context("cannot read this program")?;
        let is_shim = is_marked(&place);
        if there == shim || (is_shim && !kept.exists()) {
            return Err(refused(&place, "is a shim already, and keeps no interpreter").into());
        }
        if !there.starts_with(b"\x7fELF") {
            let help = "a script, as a version manager has them, starts an interpreter: name that \
                        (python -c 'import sys; print(sys.executable)')";
            return Err(refused(&place, "is not a binary").help(help).into());
        }
        // Once `install` was stopped there.
        let is_half_way = is_same_file(&place, &kept);
        let is_stale = !is_shim && !is_half_way && kept.symlink_metadata().is_ok();
        if is_stale && !force {
            let why =
                format!("is there already, but {} is not a shim", quote(&place.to_string_lossy()));
            let help = "the interpreter was upgraded since; --force gives up what is kept";
            return Err(refused(&kept, &why).help(help).into());
        }
        shim.push(0);
        shim.extend(place.as_os_str().as_bytes());
        shim.extend(MARK);
        // Not set-uid, nor set-gid: the interpreter that it starts is, if it was.
        let mode = Permissions::from_mode(metadata.mode() & 0o777);
        let shim = beside(&place, &shim, Some((&metadata, mode)))
            .with_context(|| cannot_replace(&place))?;
        let keep = || {
            if is_stale {
                fs::remove_file(&kept)?;
            }
            if is_half_way { Ok(()) } else { fs::hard_link(&place, &kept) }
        };
        let mut kept_now = None;
        if !is_shim {
            keep().with_context(|| cannot_replace(&place))?;
            kept_now = Some(TempPath::try_from_path(&kept)?);
        }
        Ok(Self { place, shim, kept_now })
    }
}

/// The file that a Python is at the end of its links: `python` is a path, or a name in PATH.
fn place(python: &OsStr) -> Result<PathBuf> {
    let path = if python.as_bytes().contains(&b'/') {
        PathBuf::from(python)
    } else {
        exec::find(python, std::env::var_os("PATH"))?
    };
    let place = fs::canonicalize(&path)
        .with_context(|| format!("cannot find {}", quote(&path.to_string_lossy())))?;
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    if !name.contains("python") {
        return Err(refused(&place, "is not a Python, by its name").into());
    }
    // `python3*` names it as well.
    if name.ends_with(KEPT) {
        return Err(refused(&place, "is what a shim keeps").into());
    }
    Ok(place)
}

/// The links to `place` that there are beside `python`, beside itself and in PATH, each and a comma.
fn links_to(place: &Path, python: &Path) -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = [python, place].into_iter().filter_map(Path::parent).map(Path::to_owned);
    let names = [python, place].map(|path| path.file_name().unwrap_or_default());
    let mut links = Vec::new();
    for folder in own.chain(std::env::split_paths(&path)) {
        let Ok(folder) = fs::canonicalize(folder) else { continue };
        for name in ["python".as_ref(), "python3".as_ref()].into_iter().chain(names) {
            let link = folder.join(name);
            let leads = link != place && fs::canonicalize(&link).is_ok_and(|end| end == place);
            if leads && !links.contains(&link) {
                links.push(link);
            }
        }
    }
    links.iter().map(|link| shown(link) + ", ").collect()
}

/// What a program of dpkg's prints; `None` where it fails, or is not there.
fn dpkg(argv: &[&str]) -> Option<String> {
    let (program, arguments) = argv.split_first()?;
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((a.metadata(), b.metadata()), (Ok(a), Ok(b)) if exec::same_file(&a, &b))
}

fn refused(path: &Path, why: &str) -> Error {
    Error::refused(format!("{} {why}", quote(&path.to_string_lossy())))
}

fn cannot_replace(place: &Path) -> String {
    format!("cannot replace {}", quote(&place.to_string_lossy()))
}

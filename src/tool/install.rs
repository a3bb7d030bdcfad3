//! `install`: links under other programs' names.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::error::{Error, Kind, Result, quote};
use crate::interpose::is_own_name;

/// The names that pipelines call Python by.
const DEFAULT_NAMES: [&str; 2] = ["python", "python3"];

/// Links `dir`/NAME to this program for each name, and says what was done and what comes next.
/// A link of ours that is there already, to this or another copy of the shim, is replaced.
///
/// # Errors
/// A name is no program's name, or there is something else under it, or the folder cannot be
/// written.
pub(super) fn install(dir: &Path, names: &[OsString]) -> Result<String> {
    let names =
        if names.is_empty() { DEFAULT_NAMES.map(OsString::from).to_vec() } else { names.to_vec() };
    for name in &names {
        let text = name.to_string_lossy();
        if name.is_empty() || name.as_bytes().contains(&b'/') || text == "." || text == ".." {
            return Err(Error::new(Kind::Usage, format!("{} is no program's name", quote(&text)))
                .help("name a program as it is looked up in PATH, as in: install DIR my-train"));
        }
        if is_own_name(name) {
            return Err(Error::new(
                Kind::Usage,
                format!(
                    "{} is the shim's own name, under which it does not interpose",
                    quote(&text)
                ),
            ));
        }
    }
    let failed = |what: &Path, error: &io::Error| {
        Error::refused(format!("cannot write {}: {error}", quote(&what.to_string_lossy())))
    };
    let target = std::env::current_exe().map_err(|error| failed(dir, &error))?;
    let dir = std::path::absolute(dir).map_err(|error| failed(dir, &error))?;
    fs::create_dir_all(&dir).map_err(|error| failed(&dir, &error))?;
    let mut said = String::new();
    for name in &names {
        let link = dir.join(name);
        link_to(&target, &link).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Error::refused(format!(
                "{} is there already and is no link to a shim",
                quote(&link.to_string_lossy())
            ))
            .help("choose a folder of its own, as /opt/hydra-shim"),
            _ => failed(&link, &error),
        })?;
        let _ = writeln!(said, "{} -> {}", link.display(), target.display());
    }
    let _ = writeln!(
        said,
        "next: put {0} first in PATH, in a Dockerfile: ENV PATH={0}:$PATH",
        dir.display()
    );
    Ok(said)
}

/// Makes the link, replacing one that leads to a shim.
fn link_to(target: &Path, link: &Path) -> io::Result<()> {
    if fs::read_link(link).is_ok_and(|old| is_shim(&old)) {
        fs::remove_file(link)?;
    }
    symlink(target, link)
}

fn is_shim(path: &Path) -> bool {
    path.file_name().is_some_and(is_own_name)
}

//! `install`: links under other programs' names.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::warn;
use crate::error::{Error, Kind, quote, visible};
use crate::exec;
use crate::interpose::is_own_name;

/// Links `dir`/NAME to this program for each name, by default for each Python in PATH, and says what
/// was done and what comes next. A link of ours that is there already, to this or another copy of the
/// shim, is replaced.
///
/// # Errors
/// A name is not a program's name, there is something else under it, no Python is in PATH, or the folder
/// cannot be written. Everything is then as it was.
pub(super) fn install(dir: &Path, names: &[OsString]) -> Result<String> {
    names.iter().try_for_each(|name| check_name(name))?;
    let target = std::env::current_exe().context("cannot tell where this program is")?;
    let dir = std::path::absolute(dir).with_context(|| cannot_write(dir))?;
    let path = path_without(&dir);
    let is_there = |name: &OsStr| exec::find(name, Some(path.clone())).is_ok();
    let names = if names.is_empty() {
        pythons(&path).into_iter().filter(|name| is_there(name)).collect()
    } else {
        for name in names.iter().filter(|name| !is_there(name)) {
            warn(&format!(
                "PATH has no program {} yet: until it has, the link answers 127",
                quote(&name.to_string_lossy())
            ));
        }
        names.to_vec()
    };
    if names.is_empty() {
        let message = "no python, python3 or python3.N is found in PATH".to_owned();
        return Err(Error::refused(message)
            .help("run it where Python is installed, or name the program: install DIR my-train")
            .into());
    }
    let links: Vec<PathBuf> = names.iter().map(|name| dir.join(name)).collect();
    link_all(&target, &dir, &links)?;
    let mut said = String::new();
    for link in links {
        let _ = writeln!(said, "{} -> {}", shown(&link), shown(&target));
    }
    let dir = shown(&dir);
    let _ = writeln!(said, "next: put {dir} first in PATH, in a Dockerfile: ENV PATH={dir}:$PATH");
    Ok(said)
}

/// Refuses what cannot be looked up in PATH, or would not interpose.
fn check_name(name: &OsStr) -> Result<()> {
    let text = name.to_string_lossy();
    let refused = |why: &str| Error::new(Kind::Usage, format!("{} is {why}", quote(&text)));
    if name.is_empty() || name.as_bytes().contains(&b'/') || text == "." || text == ".." {
        return Err(refused("not a program's name")
            .help("name a program as it is looked up in PATH, as in: install DIR my-train")
            .into());
    }
    if is_own_name(name) {
        let why = "the shim's own name, under which it does not interpose";
        return Err(refused(why).into());
    }
    Ok(())
}

/// PATH, but for `dir`: what is in it is to be replaced.
fn path_without(dir: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let real = |folder: &Path| fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let others = std::env::split_paths(&path).filter(|folder| real(folder) != real(dir));
    // They come out of such a list: none of them holds a colon.
    std::env::join_paths(others).unwrap_or_default()
}

/// The names under which PATH may have a Python: `python`, `python3`, and each `python3.N`.
fn pythons(path: &OsStr) -> BTreeSet<OsString> {
    let minor = |name: &OsString| {
        let minor = name.as_bytes().strip_prefix(b"python3.");
        minor.is_some_and(|n| !n.is_empty() && n.iter().all(u8::is_ascii_digit))
    };
    let folders = std::env::split_paths(path).filter_map(|folder| fs::read_dir(folder).ok());
    let names = folders.flatten().filter_map(|entry| Some(entry.ok()?.file_name()));
    let mut pythons = BTreeSet::new();
    pythons.extend(names.filter(minor).chain(["python", "python3"].map(OsString::from)));
    pythons
}

/// Makes all of `links`, in the folder `dir`, or none.
fn link_all(target: &Path, dir: &Path, links: &[PathBuf]) -> Result<()> {
    let missing = |folder: &&Path| folder.symlink_metadata().is_err();
    let new_folders: Vec<&Path> = dir.ancestors().take_while(missing).collect();
    let mut made = Vec::new();
    let result = fs::create_dir_all(dir).with_context(|| cannot_write(dir)).and_then(|()| {
        links.iter().try_for_each(|link| {
            let old = fs::read_link(link).ok().filter(|old| is_shim(old, target));
            make_link(target, link, old.is_some())?;
            made.push((link, old));
            Ok(())
        })
    });
    if result.is_err() {
        for (link, old) in made {
            let _ = fs::remove_file(link);
            let _ = old.map(|old| symlink(old, link));
        }
        for folder in new_folders {
            let _ = fs::remove_dir(folder);
        }
    }
    result
}

/// Makes one link; `replace` says that what is there is a link to a shim.
fn make_link(target: &Path, link: &Path, replace: bool) -> Result<()> {
    if replace {
        fs::remove_file(link).with_context(|| cannot_write(link))?;
    }
    symlink(target, link).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            let message = format!(
                "{} is there already and is not a link to a shim",
                quote(&link.to_string_lossy())
            );
            Error::refused(message).help("choose a folder of its own, as /opt/hydra-shim").into()
        }
        _ => anyhow::Error::new(error).context(cannot_write(link)),
    })
}

/// Whether a link to `path` is one of ours: to this program, or to what is called like it.
fn is_shim(path: &Path, this: &Path) -> bool {
    path == this || path.file_name().is_some_and(is_own_name)
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", quote(&path.to_string_lossy()))
}

/// A path in the line that says what was done.
pub(super) fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}

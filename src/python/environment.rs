//! Where an interpreter has its packages, as CPython's `getpath.py` and `site.py` find them.

use std::fs;
use std::path::{Path, PathBuf};

/// A virtual environment.
pub struct VirtualEnvironment {
    folder: PathBuf,
    settings: String,
}

impl VirtualEnvironment {
    /// That of an interpreter: `pyvenv.cfg` is beside it or above
    /// (<https://docs.python.org/3/library/site.html>).
    pub fn of(interpreter: &Path) -> Option<Self> {
        interpreter.ancestors().skip(1).take(2).find_map(|folder| {
            let settings = fs::read_to_string(folder.join("pyvenv.cfg")).ok()?;
            Some(Self { folder: folder.to_owned(), settings })
        })
    }

    /// What `pyvenv.cfg` says of `name`.
    pub fn setting(&self, name: &str) -> Option<&str> {
        let mut settings = self.settings.lines().filter_map(|line| line.split_once('='));
        settings.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim())
    }
}

/// The folders that an interpreter's packages may be in: of its virtual environment, else of its user and
/// of where the link to it leads. Of a prefix that several versions share those of each: what one of its
/// packages does, is the same in all.
pub(super) fn site_packages(interpreter: &Path) -> Vec<PathBuf> {
    let environment = VirtualEnvironment::of(interpreter);
    let real = |interpreter| fs::canonicalize(interpreter).ok()?.parent().map(Path::to_owned);
    let mut prefixes = Vec::new();
    let bin = match &environment {
        None => real(interpreter),
        Some(environment) => {
            prefixes.push(environment.folder.clone());
            let shared = environment.setting("include-system-site-packages") == Some("true");
            environment.setting("home").filter(|_| shared).map(PathBuf::from)
        }
    };
    if let Some(prefix) = bin.as_deref().and_then(Path::parent) {
        prefixes.extend(std::env::var_os("HOME").map(|home| Path::new(&home).join(".local")));
        prefixes.push(prefix.to_owned());
        // Debian's own Python looks here as well.
        prefixes.extend((prefix == Path::new("/usr")).then(|| PathBuf::from("/usr/local")));
    }
    let libs = prefixes.iter().flat_map(|prefix| [prefix.join("lib"), prefix.join("lib64")]);
    let entries = libs.filter(|lib| !lib.is_symlink()).filter_map(|lib| fs::read_dir(lib).ok());
    let versions = entries.flatten().flatten().map(|entry| entry.path());
    let is_python = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"python3"))
    };
    let folders = |path: PathBuf| [path.join("site-packages"), path.join("dist-packages")];
    versions.filter(is_python).flat_map(folders).collect()
}

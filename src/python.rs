//! Is a Python program a Hydra application? Read off its source, never run.
//!
//! It is one if it uses Hydra's entry point (`hydra.main`, or `hydra_zen`'s `hydra_main`), or if
//! it imports a local module that does and no argument parser of its own. Comments and strings do
//! not count.

mod source;

use std::io::Read as _;
use std::path::{Path, PathBuf};

pub use source::{Import, Source};

/// The most files that are read for one decision.
pub const MAX_FILES: usize = 64;
/// The most bytes that are read of one file; Python files are far smaller.
pub const MAX_BYTES: u64 = 1 << 20;

/// Where Python finds local modules: the folders that come before the installed packages in
/// `sys.path`.
#[derive(Clone, Debug)]
pub struct SearchPath(pub Vec<PathBuf>);

impl SearchPath {
    /// For a script, its folder; for a module, the working directory; then `PYTHONPATH`.
    pub fn new(first: &Path, python_path: Option<&std::ffi::OsStr>) -> Self {
        let mut folders = vec![first.to_owned()];
        if let Some(value) = python_path {
            folders.extend(std::env::split_paths(value).filter(|p| !p.as_os_str().is_empty()));
        }
        Self(folders)
    }

    /// The files that are run when `module` is imported: the packages above it, then itself.
    fn files(&self, module: &str) -> Vec<PathBuf> {
        let parts: Vec<&str> = module.split('.').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Vec::new();
        }
        let found = self.0.iter().map(|folder| files_below(folder, &parts));
        found.into_iter().find(|files| !files.is_empty()).unwrap_or_default()
    }

    /// The file that `python3 -m module` runs.
    pub fn main_file(&self, module: &str) -> Option<PathBuf> {
        let relative: PathBuf = module.split('.').collect();
        self.0.iter().find_map(|folder| {
            let package = folder.join(&relative).join("__main__.py");
            let plain = folder.join(&relative).with_extension("py");
            [package, plain].into_iter().find(|file| file.is_file())
        })
    }
}

/// The files of a dotted module below `folder`; as far as they exist.
fn files_below(folder: &Path, parts: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut at = folder.to_owned();
    for (index, part) in parts.iter().enumerate() {
        at.push(part);
        let init = at.join("__init__.py");
        let plain = at.with_extension("py");
        if init.is_file() {
            files.push(init);
        } else if index + 1 == parts.len() && plain.is_file() {
            files.push(plain);
        } else if !at.is_dir() {
            break;
        }
    }
    files
}

/// Why the program in `file` is a Hydra application, in words for the log; `None` if it is none.
/// A file that cannot be read is none: Python will say what is wrong with it.
pub fn hydra_entry_point(file: &Path, path: &SearchPath) -> Option<String> {
    let main = read(file)?;
    let name = |file: &Path| file.display().to_string();
    if main.uses_hydra_entry_point {
        return Some(format!("{} uses Hydra's entry point", name(file)));
    }
    if main.argument_parser.is_some() {
        return None;
    }
    let mut seen = vec![file.to_owned()];
    let mut queue = local_files(&main, file, path);
    let mut next = 0;
    while let Some(found) = queue.get(next).cloned() {
        next += 1;
        if seen.len() >= MAX_FILES || seen.contains(&found) {
            continue;
        }
        seen.push(found.clone());
        let Some(source) = read(&found) else { continue };
        if source.uses_hydra_entry_point {
            return Some(format!(
                "{} imports {}, which uses Hydra's entry point",
                name(file),
                name(&found)
            ));
        }
        queue.extend(local_files(&source, &found, path));
    }
    None
}

/// The local files that a source imports.
fn local_files(source: &Source, file: &Path, path: &SearchPath) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for import in &source.imports {
        if import.level == 0 {
            files.extend(path.files(&import.module));
            for name in &import.names {
                files.extend(path.files(&format!("{}.{name}", import.module)));
            }
            continue;
        }
        // `from .a import b`: one level is the file's own folder.
        let Some(package) = file.ancestors().nth(import.level) else {
            continue;
        };
        let here: Vec<&str> = import.module.split('.').filter(|p| !p.is_empty()).collect();
        files.extend(files_below(package, &here));
        for name in &import.names {
            let parts: Vec<&str> = here.iter().copied().chain([name.as_str()]).collect();
            files.extend(files_below(package, &parts));
        }
    }
    files
}

/// Reads and analyses one file; `None` if it cannot be read or is larger than [`MAX_BYTES`].
fn read(file: &Path) -> Option<Source> {
    let mut bytes = Vec::new();
    // Not even opened: a pipe gives its content once, and to Python.
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let file = std::fs::File::open(file).ok()?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= MAX_BYTES).then(|| Source::analyse(&bytes))
}

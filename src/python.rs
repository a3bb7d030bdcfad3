//! Is a Python program a Hydra application? Read off its source, never run.
//!
//! It is one if it uses Hydra's entry point (`hydra.main`, or `hydra_zen`'s `hydra_main`), or if
//! it imports a local module that does and no argument parser of its own. Comments and strings do
//! not count.

mod source;

use std::collections::VecDeque;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::quote;

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
    /// For a script, its folder; for a module, the working directory; then `PYTHONPATH`, where an empty
    /// part is the working directory.
    pub fn new(first: &Path, python_path: Option<&std::ffi::OsStr>) -> Self {
        let mut folders = vec![first.to_owned()];
        if let Some(value) = python_path.filter(|value| !value.is_empty()) {
            folders.extend(std::env::split_paths(value));
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
    let mut files = LocalFiles::of(file, path);
    let (_, main) = files.next()?;
    let main = main?;
    let name = file.display();
    if main.uses_hydra_entry_point {
        return Some(format!("{name} uses Hydra's entry point"));
    }
    if main.argument_parser.is_some() {
        return None;
    }
    let (found, _) = files
        .find(|(_, source)| source.as_ref().is_some_and(|source| source.uses_hydra_entry_point))?;
    Some(format!("{name} imports {}, which uses Hydra's entry point", found.display()))
}

/// Why the program in `file`, which is not recognised, may be a Hydra application all the same, in words
/// for a message; `None` where it was read to its end and has nothing of Hydra.
pub fn hydra_suspicion(file: &Path, path: &SearchPath) -> Option<String> {
    let mut files = LocalFiles::of(file, path);
    let mut unread = None;
    for (file, source) in &mut files {
        match source {
            Some(source) if source.imports_hydra() => {
                return Some(format!("{} imports Hydra", quote(&file.to_string_lossy())));
            }
            Some(_) => {}
            None => unread = unread.or(Some(file)),
        }
    }
    match unread {
        Some(file) => Some(format!("{} cannot be read as Python", quote(&file.to_string_lossy()))),
        None => files
            .reached_bound
            .then(|| format!("it imports more than {MAX_FILES} files, and not all were read")),
    }
}

/// A program's file and the local ones that it imports, each once, as far as [`MAX_FILES`]. One that
/// cannot be read has no source.
struct LocalFiles<'a> {
    path: &'a SearchPath,
    queue: VecDeque<PathBuf>,
    seen: Vec<PathBuf>,
    /// There were more.
    reached_bound: bool,
}

impl<'a> LocalFiles<'a> {
    fn of(file: &Path, path: &'a SearchPath) -> Self {
        let queue = VecDeque::from([file.to_owned()]);
        Self { path, queue, seen: Vec::new(), reached_bound: false }
    }
}

impl Iterator for LocalFiles<'_> {
    type Item = (PathBuf, Option<Source>);

    fn next(&mut self) -> Option<Self::Item> {
        let file = loop {
            let file = self.queue.pop_front()?;
            if !self.seen.contains(&file) {
                break file;
            }
        };
        if self.seen.len() >= MAX_FILES {
            self.reached_bound = true;
            return None;
        }
        self.seen.push(file.clone());
        let source = read(&file);
        if let Some(source) = &source {
            self.queue.extend(local_files(source, &file, self.path));
        }
        Some((file, source))
    }
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

/// Reads and analyses one file; `None` if it cannot be read, is larger than [`MAX_BYTES`], or is not
/// Python's source: a NUL byte, which none may hold, is in every archive and every compiled file.
fn read(file: &Path) -> Option<Source> {
    let mut bytes = Vec::new();
    // Not even opened: a pipe gives its content once, and to Python.
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let file = std::fs::File::open(file).ok()?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    let is_source = bytes.len() as u64 <= MAX_BYTES && !bytes.contains(&0);
    is_source.then(|| Source::analyse(&bytes))
}

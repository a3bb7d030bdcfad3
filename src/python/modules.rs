//! Where Python finds a module: `sys.path`, as the interpreter makes it, and what it means for an import.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::environment::site_packages;
use super::read;

/// The most folders that are listed for one decision.
const MAX_FOLDERS: usize = 128;

/// The folders that modules are looked for in, each listed once.
#[derive(Debug, Default)]
pub struct Modules {
    folders: Vec<PathBuf>,
    /// How many of them come before the installed packages.
    own: usize,
    /// Of an editable install: a package, and where it lies.
    editable: Vec<(String, PathBuf)>,
    /// The interpreter whose installed packages are to be added to the folders when they are needed.
    interpreter: Option<PathBuf>,
    listed: HashMap<PathBuf, HashSet<OsString>>,
}

/// A module or a package that was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Module {
    /// The file that is run when it is imported; a namespace package has none.
    pub(super) file: Option<PathBuf>,
    /// Where its own modules are.
    pub(super) folders: Vec<PathBuf>,
}

impl Modules {
    /// For a program in `first`: a script's folder, or the working directory for a module. `PYTHONPATH`
    /// follows, where an empty part is the working directory, and what is installed for `interpreter`,
    /// as it is started: by its path in a virtual environment.
    pub fn new(first: &Path, python_path: Option<&OsStr>, interpreter: &Path) -> Self {
        let mut folders = vec![first.to_owned()];
        if let Some(value) = python_path.filter(|value| !value.is_empty()) {
            folders.extend(std::env::split_paths(value));
        }
        Self {
            own: folders.len(),
            folders,
            interpreter: Some(interpreter.to_owned()),
            ..Self::default()
        }
    }

    /// The module of this dotted name, in parts.
    pub(super) fn find(&mut self, name: &[String]) -> Option<Module> {
        let (top, rest) = name.split_first()?;
        let top = self.find_top(top)?;
        rest.iter().try_fold(top, |package, part| self.find_in(&package.folders, part))
    }

    /// The same from a package on: the one in this folder.
    pub(super) fn find_from(&mut self, folder: &Path, name: &[String]) -> Option<Module> {
        let file = self.has(folder, "__init__.py").then(|| folder.join("__init__.py"));
        let package = Module { file, folders: vec![folder.to_owned()] };
        name.iter().try_fold(package, |package, part| self.find_in(&package.folders, part))
    }

    /// The module of this name in a package, which is in these folders.
    pub(super) fn find_in(&mut self, folders: &[PathBuf], name: &str) -> Option<Module> {
        let mut namespace = Vec::new();
        for folder in folders {
            let below = folder.join(name);
            if self.has(folder, name) && self.has(&below, "__init__.py") {
                return Some(Module {
                    file: Some(below.join("__init__.py")),
                    folders: vec![below],
                });
            }
            let file = format!("{name}.py");
            if self.has(folder, &file) {
                return Some(Module { file: Some(folder.join(file)), folders: Vec::new() });
            }
            if self.has(folder, name) {
                namespace.push(below);
            }
        }
        (!namespace.is_empty()).then_some(Module { file: None, folders: namespace })
    }

    /// The file that `python3 -m module` runs.
    pub fn main_file(&mut self, module: &str) -> Option<PathBuf> {
        let name: Vec<String> = module.split('.').map(str::to_owned).collect();
        let module = self.find(&name)?;
        if module.folders.is_empty() {
            return module.file;
        }
        self.find_in(&module.folders, "__main__")?.file
    }

    /// The version of an installed distribution, and the folder that it is in: its metadata's folder has
    /// both in its name (<https://packaging.python.org/en/latest/specifications/recording-installed-packages/>).
    pub fn distribution(&mut self, name: &str) -> Option<(String, PathBuf)> {
        self.add_installed();
        let version_of = |entry: &OsString| {
            let rest = entry.to_str()?.strip_prefix(name)?.strip_prefix('-')?;
            let end = [".dist-info", ".egg-info"];
            end.iter().find_map(|end| Some(rest.strip_suffix(end)?.to_owned()))
        };
        let folders = self.folders.clone();
        folders.into_iter().find_map(|folder| {
            let version = self.names(&folder).iter().find_map(version_of)?;
            Some((version, folder))
        })
    }

    /// Adds the interpreter's installed packages, unless they are there; whether they were not.
    fn add_installed(&mut self) -> bool {
        let Some(interpreter) = self.interpreter.take() else { return false };
        for folder in site_packages(&interpreter) {
            self.add_site(&folder);
        }
        true
    }

    fn find_top(&mut self, name: &str) -> Option<Module> {
        let folders = std::mem::take(&mut self.folders);
        let found = self.find_in(&folders, name);
        self.folders = folders;
        if found.as_ref().is_some_and(|module| module.file.is_some()) {
            return found;
        }
        if self.add_installed() {
            return self.find_top(name);
        }
        let editable = self.editable.iter().find(|(package, _)| package == name);
        let Some((_, place)) = editable else { return found };
        let (folder, name) = (place.parent()?.to_owned(), place.file_name()?.to_str()?.to_owned());
        self.find_in(&[folder], &name).or(found)
    }

    /// Adds a folder of installed packages, and what its `.pth` files name
    /// (<https://docs.python.org/3/library/site.html>).
    fn add_site(&mut self, folder: &Path) {
        self.folders.push(folder.to_owned());
        let is_pth = |name: &&OsString| Path::new(name).extension() == Some(OsStr::new("pth"));
        let files: Vec<OsString> = self.names(folder).iter().filter(is_pth).cloned().collect();
        for file in files {
            let text = read(&folder.join(file)).unwrap_or_default();
            for line in String::from_utf8_lossy(&text).lines().map(str::trim_end) {
                if let Some(import) = line.strip_prefix("import ") {
                    let finder = import.split([';', ',']).next().unwrap_or_default().trim();
                    if finder.starts_with("__editable__") {
                        self.add_editable(&folder.join(format!("{finder}.py")));
                    }
                } else if !line.is_empty() && !line.starts_with('#') {
                    self.folders.push(folder.join(line));
                }
            }
        }
    }

    /// Adds the packages of setuptools' finder for editable installs, whose file has a line
    /// `MAPPING: dict[str, str] = {'package': '/its/folder'}`.
    fn add_editable(&mut self, finder: &Path) {
        let text = read(finder).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mapping = text.lines().find(|line| line.starts_with("MAPPING")).unwrap_or_default();
        let strings: Vec<&str> = mapping.split(['\'', '"']).skip(1).step_by(2).collect();
        for pair in strings.chunks_exact(2) {
            if let [package, place] = pair {
                self.editable.push(((*package).to_owned(), PathBuf::from(place)));
            }
        }
    }

    /// Whether a file is that of an installed package.
    pub fn is_installed(&self, file: &Path) -> bool {
        let installed = self.folders.get(self.own..).unwrap_or_default();
        installed.iter().any(|folder| file.starts_with(folder))
    }

    fn has(&mut self, folder: &Path, name: &str) -> bool {
        self.names(folder).contains(OsStr::new(name))
    }

    /// What a folder has; nothing if it cannot be listed.
    fn names(&mut self, folder: &Path) -> &HashSet<OsString> {
        let is_one_more = self.listed.len() < MAX_FOLDERS;
        self.listed.entry(folder.to_owned()).or_insert_with(|| {
            let here = folder.as_os_str().is_empty();
            let entries =
                is_one_more.then(|| std::fs::read_dir(if here { Path::new(".") } else { folder }));
            let entries = entries.into_iter().flatten().flatten().flatten();
            entries.map(|entry| entry.file_name()).collect()
        })
    }
}

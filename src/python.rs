//! Does a Python program start a Hydra application? Read off its source, never run.
//!
//! What decides is what the program *runs*. From its top level on, the `__main__` guard included, each
//! name that is used is followed to its definition, through local files and installed packages, until one
//! is Hydra's entry point, or an argument parser, which then takes the flags in its place. What is imported
//! and not used decides nothing; nor do comments and strings.

mod environment;
mod modules;
mod source;

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::error::quote;
use crate::hydra::{ENTRY_METHOD, PACKAGES, is_entry_point};

pub use environment::VirtualEnvironment;
use modules::Module;
pub use modules::Modules;
use source::{Bound, How, Import, Kind, Reference, Source};

/// The most files that are read for one decision.
const MAX_FILES: usize = 64;
/// The most bytes that are read of one file; Python files are far smaller.
const MAX_BYTES: u64 = 1 << 20;
/// The most names that are looked up in other files, and the most that one leads to another in a row.
const MAX_LOOK_UPS: usize = 10_000;
const MAX_DEPTH: usize = 50;

/// Functions that read the command line.
const PARSERS: [&str; 14] = [
    "absl.app.run",
    "click.command",
    "click.group",
    "docopt.docopt",
    "draccus.wrap",
    "fire.Fire",
    "getopt.getopt",
    "getopt.gnu_getopt",
    "jsonargparse.CLI",
    "pyrallis.wrap",
    "simple_parsing.parse",
    "typer.Typer",
    "typer.run",
    "tyro.cli",
];
/// Methods by which parsers read it: `argparse`'s, `optparse`'s and `transformers`'.
const PARSE_METHODS: [&str; 3] = ["parse_args", "parse_known_args", "parse_args_into_dataclasses"];

/// What a program starts.
#[derive(Debug)]
pub struct Start {
    /// Whether that is Hydra's entry point; else it is a command line of its own: an argument parser, or
    /// one that it sets itself.
    pub is_hydra: bool,
    /// By which uses of names, the last first: `main.py:4 decorates it with hydra.main`.
    uses: Vec<String>,
}

impl Start {
    /// How it is started, in words for a message.
    pub fn in_words(&self) -> String {
        self.uses.iter().rev().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

/// A file's path as it is shown: from the working directory on.
fn shown(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    file.strip_prefix(here).unwrap_or(file).to_string_lossy().into_owned()
}

/// A search through the source of one program.
#[derive(Debug)]
pub struct Search {
    modules: Modules,
    /// The files that were read, in order; one that could not be read has no source.
    files: Vec<(PathBuf, Option<Rc<Source>>)>,
    /// What was run in this round.
    ran: HashSet<Code>,
    look_ups: usize,
    /// Whether this round stopped in front of a file that is too far away.
    stopped: bool,
    /// Whether a command line of the program's own ends the search.
    own_ends: bool,
}

/// Code that is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Code {
    /// The number of its file.
    file: usize,
    scope: usize,
    /// Whether what decorates it is run as well.
    decorators: bool,
}

/// What a use of a name leads to.
enum Target {
    Hydra,
    Own,
    Code(Code),
}

/// How a name is looked up.
#[derive(Clone, Copy)]
struct Way {
    /// Whether it is called.
    called: bool,
    /// With an argument: `hydra.main` reads no command line where a function is given its config.
    with_argument: bool,
    /// How many files away it may be.
    hops: usize,
    /// How many names led to it.
    depth: usize,
}

impl Search {
    /// For a program whose modules are found so.
    pub fn new(modules: Modules) -> Self {
        Self {
            modules,
            files: Vec::new(),
            ran: HashSet::new(),
            look_ups: 0,
            stopped: true,
            own_ends: true,
        }
    }

    /// What the program in `file` starts, as far as is known. Of a file that cannot be read nothing is:
    /// Python will say what is wrong with it.
    pub fn start(&mut self, file: &Path) -> Option<Start> {
        let file = self.open(file.to_owned())?;
        let program = Code { file, scope: Source::MODULE, decorators: true };
        // The files that may be read are few, so what is near comes first: what is in the modules that the
        // program calls, then in those that these call, and so on.
        [1, 2, 4, MAX_FILES].into_iter().find_map(|hops| {
            self.ran.clear();
            let more = std::mem::take(&mut self.stopped);
            more.then(|| self.run(program, hops, 0))?
        })
    }

    /// Why a program that is not recognised may be a Hydra application all the same, in words for a
    /// message: Hydra comes after a parser of its own, or a file of its own that it runs something of
    /// imports Hydra or cannot be read. `None` where there is nothing of that.
    pub fn suspicion(&mut self, file: &Path) -> Option<String> {
        self.own_ends = false;
        if let Some(start) = self.start(file) {
            return Some(start.in_words());
        }
        self.own_files().find_map(|(file, source)| {
            let file = quote(&file.to_string_lossy());
            match source {
                None => Some(format!("{file} cannot be read as Python")),
                Some(source) => source.imports_hydra().then(|| format!("{file} imports Hydra")),
            }
        })
    }

    /// The files that were read, in words for a message.
    pub fn files_in_words(&self) -> String {
        self.files.iter().map(|(file, _)| shown(file)).collect::<Vec<_>>().join(", ")
    }

    /// The files that were read, without those of packages that the program uses.
    fn own_files(&self) -> impl Iterator<Item = (&Path, Option<&Source>)> {
        let files = self.files.iter().enumerate();
        files
            .filter(|(index, (file, _))| *index == 0 || !self.modules.is_installed(file))
            .map(|(_, (file, source))| (file.as_path(), source.as_deref()))
    }

    /// The first start that is reached when `code` is run, in the order in which it runs, through at most
    /// `hops` other files.
    fn run(&mut self, code: Code, hops: usize, depth: usize) -> Option<Start> {
        let source = self.source(code.file)?;
        if depth > MAX_DEPTH || !self.ran.insert(code) {
            return None;
        }
        for used in source.used_by(code.scope) {
            if !code.decorators && used.how == How::Decorates && used.scope == code.scope {
                continue;
            }
            for target in self.targets(code.file, &source, &used, hops) {
                let start = match target {
                    Target::Hydra => Some(Start { is_hydra: true, uses: Vec::new() }),
                    Target::Own => {
                        self.own_ends.then_some(Start { is_hydra: false, uses: Vec::new() })
                    }
                    Target::Code(next) => {
                        let hops = hops.saturating_sub(usize::from(next.file != code.file));
                        self.run(next, hops, depth + 1)
                    }
                };
                if let Some(mut start) = start {
                    let file = self.files.get(code.file).map(|(file, _)| shown(file));
                    start.uses.push(format!("{}:{used}", file.unwrap_or_default()));
                    return Some(start);
                }
            }
        }
        None
    }

    /// What a use of a name leads to.
    fn targets(
        &mut self,
        file: usize,
        source: &Source,
        used: &Reference<'_>,
        hops: usize,
    ) -> Vec<Target> {
        let (package, entry_method) = ENTRY_METHOD;
        match used.path.as_slice() {
            [_, .., last] if *last == entry_method && source.imports(package) => {
                return vec![Target::Hydra];
            }
            // A list is parsed in place of the command line.
            [_, .., last] if PARSE_METHODS.contains(last) && used.argument != "[" => {}
            ["sys", "argv"] if used.how == How::Replaces => {}
            [.., "patch", "object"] if used.argument == "sys" => {}
            path => {
                let called = used.how != How::Names;
                let with_argument = used.how == How::Calls && !used.argument.is_empty();
                let way = Way { called, with_argument, hops, depth: 0 };
                return self.look_up(file, used.scope, path, way);
            }
        }
        vec![Target::Own]
    }

    /// What a dotted name is where `scope` of a file uses it.
    fn look_up(&mut self, file: usize, scope: usize, names: &[&str], way: Way) -> Vec<Target> {
        let mut targets = Vec::new();
        let (Some(source), Some((first, rest))) = (self.source(file), names.split_first()) else {
            return targets;
        };
        if way.depth > MAX_DEPTH {
            return targets;
        }
        let way = Way { depth: way.depth + 1, ..way };
        let mut object = None;
        for bound in source.bound(scope, first) {
            let scopes = match bound {
                Bound::Scope(scope) => match (source.kind(*scope), rest.first()) {
                    // The line that assigns it is run by itself.
                    (Kind::Class | Kind::Value, None) if !way.called => continue,
                    (Kind::Class, Some(method)) => source.methods(*scope, &[method]),
                    (Kind::Class, None) => source.methods(*scope, &["__init__", "__call__"]),
                    (Kind::Value, Some(_)) => {
                        object = Some(*scope);
                        continue;
                    }
                    _ => vec![*scope],
                },
                Bound::Import(import) => {
                    let names = match import.name.as_deref() {
                        Some("*") if !way.called => continue,
                        Some("*") => names.to_vec(),
                        name => name.into_iter().chain(rest.iter().copied()).collect(),
                    };
                    targets.extend(self.imported(file, import, &names, way));
                    continue;
                }
            };
            let decorators = !way.with_argument;
            let code = |scope| Target::Code(Code { file, scope, decorators });
            targets.extend(scopes.into_iter().map(code));
        }
        // `app = App(); app.run()`: what App is says what `run` is.
        let value = object.filter(|_| way.called).and_then(|object| source.used_by(object).next());
        if let Some(value) = value.filter(|value| value.path.first() != Some(first)) {
            let names = [value.path.as_slice(), rest].concat();
            targets.extend(self.look_up(file, value.scope, &names, way));
        }
        targets
    }

    /// What `names` are in the module that a file imports.
    fn imported(&mut self, file: usize, import: &Import, names: &[&str], way: Way) -> Vec<Target> {
        if import.level == 0 {
            let module = import.module.iter().map(String::as_str);
            let full = module.chain(names.iter().copied()).collect::<Vec<_>>().join(".");
            if is_entry_point(&full) {
                return vec![Target::Hydra];
            }
            if PARSERS.iter().any(|parser| is_in(&full, parser)) {
                return vec![Target::Own];
            }
            if PACKAGES.iter().any(|package| is_in(&full, package)) {
                return Vec::new();
            }
        }
        if !way.called || way.hops == 0 || self.look_ups == MAX_LOOK_UPS {
            self.stopped |= way.called;
            return Vec::new();
        }
        self.look_ups += 1;
        let module = match import.level.checked_sub(1) {
            None => self.modules.find(&import.module),
            Some(above) => {
                let path = self.files.get(file).map(|(path, _)| path.clone()).unwrap_or_default();
                let folder = path.ancestors().nth(above + 1).unwrap_or(Path::new(""));
                self.modules.find_from(folder, &import.module)
            }
        };
        module.map(|module| self.attribute(file, module, names, way)).unwrap_or_default()
    }

    /// What `names` are in a module: a name of it, else a module of the package that it is. A package that
    /// imports from itself (`from . import train`) means the latter.
    fn attribute(&mut self, file: usize, module: Module, names: &[&str], way: Way) -> Vec<Target> {
        let Some((name, rest)) = names.split_first() else { return Vec::new() };
        let opened = module.file.and_then(|path| self.open(path)).filter(|opened| *opened != file);
        let targets = opened.map(|opened| self.look_up(opened, Source::MODULE, names, way));
        if let Some(targets) = targets.filter(|targets| !targets.is_empty()) {
            return targets;
        }
        let inner = self.modules.find_in(&module.folders, name);
        inner.map(|inner| self.attribute(file, inner, rest, way)).unwrap_or_default()
    }

    fn source(&self, file: usize) -> Option<Rc<Source>> {
        self.files.get(file)?.1.clone()
    }

    /// The number of a file, which is read unless too many were.
    fn open(&mut self, path: PathBuf) -> Option<usize> {
        let known = self.files.iter().position(|(known, _)| *known == path);
        if known.is_none() && self.files.len() < MAX_FILES {
            let source = read(&path).map(|bytes| Rc::new(Source::new(&bytes)));
            self.files.push((path, source));
            return Some(self.files.len() - 1);
        }
        known
    }
}

/// Whether a dotted name is this one, or below it.
fn is_in(name: &str, package: &str) -> bool {
    name.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Reads one file; `None` if it cannot be read, is larger than [`MAX_BYTES`], or is not Python's source: a
/// NUL byte, which none may hold, is in every archive and every compiled file.
fn read(file: &Path) -> Option<Vec<u8>> {
    // Not even opened: a pipe gives its content once, and to Python.
    let metadata = file.metadata().ok().filter(Metadata::is_file)?;
    let mut bytes = Vec::with_capacity(metadata.len().min(MAX_BYTES) as usize + 1);
    File::open(file).ok()?.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= MAX_BYTES && !bytes.contains(&0)).then_some(bytes)
}

//! README.md and the pages in docs/ are executed: each `console` block is a transcript, its commands are
//! run in a copy of `examples/quickstart` with the shim and a real Hydra in PATH, and what they print must
//! be what the block shows. A `yaml` or `python` block whose first line is `# NAME`, the name of a file, is
//! that file for the transcripts after it. `README_UPDATE=1 cargo test --test readme` writes what the
//! commands print into the pages.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The Markdown files of a folder of the project, in order.
fn pages_in(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    pages.sort();
    pages
}

/// Where pages are; those of the first two are executed.
const FOLDERS: [&str; 6] =
    ["", "docs", "docker", "tests", "examples/mnist", "examples/hparams_tuning"];

/// A page's path from the project's folder, for messages.
fn shown(page: &Path) -> String {
    page.strip_prefix(root()).unwrap().display().to_string()
}

/// A folder as in an image: the application, its component, and PATH.
struct Image {
    folder: tempfile::TempDir,
    path: std::ffi::OsString,
    /// Where things are here, and where they would be in an image.
    places: Vec<(String, &'static str)>,
}

impl Image {
    fn new(files: &BTreeMap<String, String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&root().join("examples/quickstart"), folder.path());
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let shim = support::shim();
        let venv = support::venv(support::HYDRA).unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let bin = shim.parent().unwrap().to_owned();
        let place = |path: &Path| path.to_str().unwrap().to_owned();
        let places = vec![
            (place(folder.path()), "/app"),
            (place(&venv), "/venv"),
            (place(&bin), "/usr/local/bin"),
        ];
        let first = [bin, venv.join("bin")];
        let path = std::env::join_paths(first.into_iter().chain(std::env::split_paths(&path)));
        Self { folder, path: path.unwrap(), places }
    }

    /// What a command prints, both streams in order.
    fn run(&self, command: &str) -> String {
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1; {command}")])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.folder.path())
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        self.places.iter().fold(printed, |text, (here, there)| text.replace(here, there))
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The name of the file that a block's first line says it is.
fn file_of<'a>(fence: &str, first: &'a str) -> Option<&'a str> {
    let name = first.strip_prefix("# ")?;
    let is_name = name.contains('.') && !name.contains(' ');
    (is_name && (fence == "```yaml" || fence == "```python")).then_some(name)
}

/// A page with what its transcripts print now, and how many commands they have.
fn executed(page: &str) -> (String, usize) {
    let mut written = String::new();
    let mut commands = 0;
    let mut files = BTreeMap::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        writeln!(written, "{line}").unwrap();
        if let Some(name) = lines.peek().and_then(|first| file_of(line, first)) {
            let mut text = String::new();
            while let Some(line) = lines.next_if(|line| *line != "```") {
                writeln!(text, "{line}").unwrap();
            }
            written += &text;
            files.insert(name.to_owned(), text);
        }
        if line != "```console" {
            continue;
        }
        // A fresh folder for each block, one for all its commands.
        let image = Image::new(&files);
        while let Some(line) = lines.next_if(|line| *line != "```") {
            let Some(mut command) = line.strip_prefix("$ ").map(str::to_owned) else { continue };
            writeln!(written, "{line}").unwrap();
            while command.ends_with('\\') {
                let more = lines.next().unwrap();
                writeln!(written, "{more}").unwrap();
                write!(command, "\n{more}").unwrap();
            }
            commands += 1;
            written += &image.run(&command);
        }
    }
    (written, commands)
}

#[test]
fn transcripts_are_what_the_commands_print() {
    let update = std::env::var_os("README_UPDATE").is_some();
    let mut total = 0;
    let mut wrong = String::new();
    for file in FOLDERS[..2].iter().flat_map(|folder| pages_in(folder)) {
        let page = fs::read_to_string(&file).unwrap();
        let (now, commands) = executed(&page);
        total += commands;
        if update {
            fs::write(&file, &now).unwrap();
            continue;
        }
        let mut lines = page.lines().zip(now.lines()).enumerate();
        match lines.find(|(_, (shown, printed))| shown != printed) {
            Some((line, (was, is))) => {
                let place = format!("{}:{}", shown(&file), line + 1);
                writeln!(wrong, "{place}\n  shows  {was}\n  prints {is}").unwrap();
            }
            None => assert_eq!(now.lines().count(), page.lines().count(), "{}", shown(&file)),
        }
    }
    assert!(wrong.is_empty(), "README_UPDATE=1 writes what is printed:\n{wrong}");
    assert!(total >= 20, "only {total} commands found");
}

/// As `wc -w README.md` counts: a first-time reader has ten minutes.
#[test]
fn the_readme_has_at_most_1000_words() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let words = readme.split_whitespace().count();
    assert!(words <= 1000, "README.md has {words} words");
}

/// The anchors that GitHub gives a page's headings.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(' '));
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let anchor = |heading: &str| heading.chars().filter(kept).collect::<String>();
    headings.map(|heading| anchor(heading).to_lowercase().replace(' ', "-")).collect()
}

#[test]
fn every_link_leads_somewhere() {
    for file in FOLDERS.into_iter().flat_map(pages_in) {
        let page = fs::read_to_string(&file).unwrap();
        for link in page.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            assert!(target.exists(), "{}: {link}", shown(&file));
            if !anchor.is_empty() {
                let anchors = anchors(&fs::read_to_string(target).unwrap());
                assert!(
                    anchors.iter().any(|a| a == anchor),
                    "{}: {link}: {anchors:?}",
                    shown(&file)
                );
            }
        }
    }
}

#[test]
fn the_index_has_every_page() {
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    for page in pages_in("docs") {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(name == "README.md" || index.contains(&format!("]({name})")), "{name}");
    }
}

#[test]
fn the_picture_shows_what_the_shim_does() {
    let picture = fs::read_to_string(root().join("docs/hydra-shim.svg")).unwrap();
    let texts = |class: &str| {
        let start = format!("<text class=\"{class}\"");
        let texts = picture.split(&start).skip(1);
        let texts = texts.map(|text| text.split(['>', '<']).nth(1).unwrap().replace("&amp;", "&"));
        texts.collect::<Vec<_>>().join(" ")
    };
    let flags = shell_words::split(&texts("flag")).unwrap();
    let mut command = support::shim_command();
    let output = command.args(["translate", "--format", "json"]).args(flags).output().unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let overrides = printed["overrides"].as_array().unwrap().iter().map(|o| o.as_str().unwrap());
    assert_eq!(overrides.collect::<Vec<_>>().join(" "), texts("override"));
}

/// The words of a text in backquotes.
fn in_backquotes(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_tests_that_are_named_exist() {
    let mut sources = String::new();
    let mut folders = vec![root().join("tests"), root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                sources += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let security = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let is_name = |word: &&str| {
        let is_lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        word.chars().all(is_lower) && word.matches('_').count() >= 3
    };
    for name in in_backquotes(&security).filter(is_name) {
        assert!(sources.contains(&format!("fn {name}(")), "SECURITY.md: {name}");
    }
    for page in FOLDERS.into_iter().flat_map(pages_in) {
        let text = fs::read_to_string(&page).unwrap();
        for command in text.split("cargo test").skip(1) {
            let Some((_, name)) = command.split(['`', '\n']).next().unwrap().split_once("--test ")
            else {
                continue;
            };
            let name = name.split_whitespace().next().unwrap();
            let [file, folder] = [format!("{name}.rs"), format!("{name}/main.rs")];
            let is_there =
                [file, folder].iter().any(|path| root().join("tests").join(path).is_file());
            assert!(is_there, "{}: --test {name}", shown(&page));
        }
    }
}

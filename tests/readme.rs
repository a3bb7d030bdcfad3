//! The README is executed: each `console` block is a transcript, its commands are run in a copy of
//! `examples/quickstart` with the shim and a real Hydra in PATH, and what they print must be what
//! the block shows. `README_UPDATE=1 cargo test --test readme` writes what they print into it.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder as in an image: the application, its component, and PATH.
struct Image {
    folder: tempfile::TempDir,
    path: std::ffi::OsString,
    /// Where things are here, and where they would be in an image.
    places: Vec<(String, &'static str)>,
}

impl Image {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
        copy(&app, folder.path());
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

/// The README with what its transcripts print now.
fn executed(readme: &str) -> (String, usize) {
    let mut written = String::new();
    let mut commands = 0;
    let mut lines = readme.lines().peekable();
    while let Some(line) = lines.next() {
        writeln!(written, "{line}").unwrap();
        if line != "```console" {
            continue;
        }
        // A fresh folder for each block, one for all its commands.
        let image = Image::new();
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
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&file).unwrap();
    let (now, commands) = executed(&readme);
    assert!(commands >= 8, "only {commands} commands found");
    if std::env::var_os("README_UPDATE").is_some() {
        fs::write(&file, now).unwrap();
        return;
    }
    for (line, (shown, printed)) in readme.lines().zip(now.lines()).enumerate() {
        assert_eq!(printed, shown, "README.md:{}", line + 1);
    }
    assert_eq!(now.lines().count(), readme.lines().count());
}

#[test]
fn every_heading_that_is_linked_exists() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(file).unwrap();
    let anchors: Vec<String> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")))
        .map(|heading| {
            let kept = |c: char| c.is_alphanumeric() || c == ' ' || c == '-';
            heading
                .chars()
                .filter(|c| kept(*c))
                .collect::<String>()
                .to_lowercase()
                .replace(' ', "-")
        })
        .collect();
    for link in readme.split("](#").skip(1) {
        let anchor = link.split(')').next().unwrap();
        assert!(anchors.iter().any(|a| a == anchor), "#{anchor}: {anchors:?}");
    }
}

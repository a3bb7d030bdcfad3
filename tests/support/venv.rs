//! Virtual environments in `target/test-venvs`, each made once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::say;

/// A virtual environment with that Hydra. The error says why it cannot be used: it could not be
/// installed, or this Python cannot import it (Hydra before 1.3 on Python 3.11 and above).
pub fn venv(hydra_version: &str) -> Result<PathBuf, String> {
    // Hydra 1.2 would get the latest, and 1.4 wants it.
    let omegaconf = if hydra_version >= "1.4" { "omegaconf>=2.4" } else { "omegaconf>=2.3,<2.4" };
    let requirements = format!("hydra-core=={hydra_version}\n{omegaconf}\n");
    let venv = venv_with(&format!("hydra-{hydra_version}"), &requirements)?;
    // Asked once: `--clear` removes the proof as well.
    let proof = venv.join("imports-hydra");
    if !proof.is_file() {
        succeed(Command::new(venv.join("bin/python")).args(["-c", "import hydra"]))
            .map_err(|reason| format!("this Python cannot import it: {reason}"))?;
        fs::write(proof, "").unwrap();
    }
    Ok(venv)
}

/// A virtual environment with these lines of pip's; made anew when they or the Python (`$PYTHON` or
/// `python3`) change. The error says what pip says.
pub fn venv_with(name: &str, requirements: &str) -> Result<PathBuf, String> {
    made(name, requirements, &[])
}

/// As [`venv_with`], of lines that name everything that is needed of what their packages depend on.
pub fn locked_venv(name: &str, requirements: &str) -> Result<PathBuf, String> {
    made(name, requirements, &["--no-deps"])
}

fn made(name: &str, requirements: &str, options: &[&str]) -> Result<PathBuf, String> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let venvs = target_dir().join("test-venvs");
    fs::create_dir_all(&venvs).unwrap();
    let venv = venvs.join(name);
    // One creator at a time, among the threads of a test and among test processes; the marker is
    // written last, so that an interrupted creation is done again.
    let lock = File::create(venvs.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let marker = venv.join("made-for-tests");
    let wanted = format!("{python}\n{requirements}");
    if fs::read_to_string(&marker).ok().as_ref() != Some(&wanted) {
        say(&format!("installing {name} into {}", venv.display()));
        succeed(Command::new(&python).args(["-m", "venv", "--clear"]).arg(&venv))
            .map_err(|reason| format!("{python} -m venv {}: {reason}", venv.display()))?;
        let file = venvs.join(format!("{name}.txt"));
        fs::write(&file, requirements).unwrap();
        let mut pip = Command::new(venv.join("bin/python"));
        pip.args(["-m", "pip", "install", "-q"]).args(options).arg("-r").arg(file);
        succeed(&mut pip)
            .map_err(|reason| format!("pip install {}: {reason}", requirements.trim()))?;
        fs::write(marker, wanted).unwrap();
    }
    Ok(venv)
}

/// Where an environment has its packages.
pub fn site_packages(venv: &Path) -> PathBuf {
    let mut pythons = fs::read_dir(venv.join("lib")).unwrap();
    pythons.next().unwrap().unwrap().path().join("site-packages")
}

/// Runs a command; the error is the last line that it wrote on stderr.
fn succeed(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let reason = stderr.trim_end().lines().next_back();
    Err(reason.map_or_else(|| output.status.to_string(), str::to_owned))
}

/// The folder that cargo builds into. Cargo tags it, and also the folder of the compilation
/// target inside, where the test's own folder is.
fn target_dir() -> PathBuf {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let is_tagged = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    let inner = tmp.ancestors().skip_while(|folder| !is_tagged(folder));
    inner.take_while(is_tagged).last().unwrap_or(tmp).to_owned()
}

//! The real Hydra that judges what the shim wrote; `judge.py` asks it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde_json::Value;

use crate::support::{tests_path, venv};

/// What came of one case.
pub(crate) struct Verdict {
    /// What kind of outcome it is: `whole`, `mismatch`, or why it was refused.
    pub(crate) word: String,
    /// What there is to say of it.
    pub(crate) text: String,
}

/// The Python process with the real Hydra, on a thread that takes a batch and gives its verdicts.
pub(crate) struct Judge {
    /// Its Hydra and its Python.
    pub(crate) name: String,
    /// When it began.
    pub(crate) date: String,
    process: std::sync::Mutex<Child>,
    requests: SyncSender<Vec<Value>>,
    answers: Receiver<Vec<(String, String)>>,
}

impl Judge {
    /// Starts it with that version of Hydra.
    pub(crate) fn start(hydra: &str) -> Self {
        let python = venv(hydra).unwrap_or_else(|reason| panic!("no Hydra {hydra}: {reason}"));
        let mut process = Command::new(python.join("bin/python"))
            .args(["-W", "ignore"])
            .arg(tests_path("fuzz/judge.py"))
            .envs([("PYTHONIOENCODING", "utf-8"), ("PYTHONDONTWRITEBYTECODE", "1")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = move || {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            line
        };
        let about: Value = serde_json::from_str(&line()).unwrap();
        assert_eq!(about["hydra"], hydra, "the environment holds another Hydra");

        let (requests, taken) = sync_channel::<Vec<Value>>(1);
        let (given, answers) = sync_channel(1);
        std::thread::spawn(move || {
            for batch in taken {
                writeln!(input, "{}", Value::from(batch)).unwrap();
                let answer = line();
                let verdicts = serde_json::from_str(&answer)
                    .unwrap_or_else(|error| panic!("the judge said {answer:?}: {error}"));
                given.send(verdicts).unwrap();
            }
        });
        let text = |key: &str| about[key].as_str().unwrap().to_owned();
        Self { name: text("judge"), date: text("date"), process: process.into(), requests, answers }
    }

    /// Hands it a batch.
    pub(crate) fn send(&self, batch: Vec<Value>) {
        self.requests.send(batch).unwrap();
    }

    /// What it says of the batch that it got first.
    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        let verdicts = self.answers.recv().expect("the judge is still there");
        verdicts.into_iter().map(|(word, text)| Verdict { word, text }).collect()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // It waits for requests; nothing of it is worth keeping.
        let process = self.process.get_mut().unwrap();
        let _ = process.kill();
        let _ = process.wait();
    }
}

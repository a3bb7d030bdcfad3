//! What a translation gives: the command line, and each argument's way to it.

use std::borrow::Cow;
use std::fmt;

use crate::declarations::{SECRET, Source};
use crate::error::{Error, Result};
use crate::token::split_attached;
use crate::value::Type;

/// The application's command line as Hydra takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translation {
    /// The command, as it was given.
    pub command: Vec<String>,
    /// Whether only what is declared was accepted (closed mode).
    pub closed: bool,
    /// What a person should know though nothing is wrong.
    pub warnings: Vec<String>,
    /// Where each override comes from, in the overrides' order.
    pub trace: Vec<Step>,
    /// The folders to make before the application starts.
    pub folders: Vec<String>,
    /// The texts of secret values, to be masked in what others print.
    pub secrets: Vec<String>,
}

impl Translation {
    /// A command line that is passed on as it is.
    pub fn untouched(command: Vec<String>, arguments: Vec<String>) -> Self {
        let steps = arguments.into_iter().map(|argument| {
            let to = vec![argument.clone()];
            Step { to, ..Step::new(vec![argument], StepKind::Override) }
        });
        Self { command, trace: steps.collect(), ..Self::default() }
    }

    /// Why arguments are refused; of [`super::translate`]'s none is, and with one there is nothing to be
    /// started.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.trace.iter().filter_map(|step| step.kind.error())
    }

    /// The translation, if nothing of it is refused.
    ///
    /// # Errors
    /// Why the first argument is.
    pub fn accepted(self) -> Result<Self> {
        let error = self.errors().next().cloned();
        error.map_or(Ok(self), Err)
    }

    /// What was received, and nothing of what it was taken for: `error` refuses all of it, beside the
    /// flag that it names.
    #[must_use]
    pub fn refused_whole(mut self, error: &Error) -> Self {
        if self.trace.is_empty() {
            self.trace.push(Step::new(Vec::new(), StepKind::Dropped));
        }
        let in_name = |c: char| c.is_alphanumeric() || c == '-';
        let words: Vec<&str> = error.message.split(|c| !in_name(c)).collect();
        let is_named = |step: &Step| {
            step.from.first().is_some_and(|from| {
                let (flag, _) = split_attached(from);
                flag.starts_with('-') && words.contains(&flag)
            })
        };
        let place = self.trace.iter().position(is_named).unwrap_or(0);
        for (at, step) in self.trace.iter_mut().enumerate() {
            let kind = StepKind::Refused((at == place).then(|| error.clone()));
            let from = std::mem::take(&mut step.from);
            *step = Step { secret: step.secret, ..Step::new(from, kind) };
        }
        self.warnings.clear();
        self
    }
}

/// One argument's way through the translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The arguments; see [`Self::shown_from`].
    pub from: Vec<String>,
    /// The overrides; empty where something later replaced them. See [`Self::shown_to`].
    pub to: Vec<String>,
    /// Whether the value is never to be shown.
    pub secret: bool,
    /// The key that was set, if one was.
    pub key: Option<String>,
    /// What the argument was.
    pub kind: StepKind,
    /// Who declared the type; `None` where nobody did.
    pub declared_by: Option<Source>,
}

/// What an argument was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// A value of that type.
    Value(Type),
    /// An override, passed as it was.
    Override,
    /// A flag of Hydra's own, with its value.
    HydraFlag,
    /// A flag that the rules leave out, with its value.
    Dropped,
    /// An argument that cannot be passed on, only in a dry run, and why; `None` where the error is
    /// another argument's.
    Refused(Option<Error>),
}

impl StepKind {
    /// Why it is refused.
    pub fn error(&self) -> Option<&Error> {
        if let Self::Refused(error) = self { error.as_ref() } else { None }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(ty) => ty.fmt(f),
            Self::Override => f.write_str("override"),
            Self::HydraFlag => f.write_str("hydra flag"),
            Self::Dropped => f.write_str("dropped"),
            Self::Refused(_) => f.write_str("refused"),
        }
    }
}

impl Step {
    /// What `from` became, of that kind: no override yet.
    pub(super) fn new(from: Vec<String>, kind: StepKind) -> Self {
        Self { from, to: Vec::new(), secret: false, key: None, kind, declared_by: None }
    }

    /// [`Self::from`] as it may be shown.
    pub fn shown_from(&self) -> Cow<'_, [String]> {
        shown_from(&self.from, self.secret)
    }

    /// [`Self::to`] as it may be shown.
    pub fn shown_to(&self) -> Cow<'_, [String]> {
        let left = self.to.last().and_then(|last| last.split_once('=')).map(|(left, _)| left);
        match left {
            Some(left) if self.secret => {
                Cow::Owned(vec![format!("{}={SECRET}", left.trim_start_matches('+'))])
            }
            _ => Cow::Borrowed(&self.to),
        }
    }
}

/// The tokens of an argument as they may be shown.
pub(super) fn shown_from(from: &[String], secret: bool) -> Cow<'_, [String]> {
    match from {
        [first, ..] if secret => {
            let (flag, _) = split_attached(first);
            let joined = !first.starts_with('-') && !first.starts_with('$');
            Cow::Owned(if joined {
                vec![format!("{flag}={SECRET}")]
            } else {
                vec![flag.to_owned(), SECRET.to_owned()]
            })
        }
        from => Cow::Borrowed(from),
    }
}

impl Translation {
    /// Everything after the command, in order, Hydra's own flags last.
    pub fn overrides(&self) -> impl Iterator<Item = &String> + Clone {
        self.trace.iter().flat_map(|step| &step.to)
    }

    /// The command and its overrides: the whole command line.
    pub fn argv(&self) -> impl Iterator<Item = &String> + Clone {
        self.command.iter().chain(self.overrides())
    }

    /// What others say, without the secrets that they quote, whole or line by line.
    pub fn masked(&self, said: &str) -> String {
        let lines = self.secrets.iter().flat_map(|secret| secret.lines().map(str::trim));
        let whole = self.secrets.iter().map(String::as_str);
        let mut secrets: Vec<&str> = whole.chain(lines).filter(|s| !s.is_empty()).collect();
        // The longest first: one may be a part of another.
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        secrets.into_iter().fold(said.to_owned(), |said, secret| mask(&said, secret))
    }

    /// [`Self::argv`] with secrets masked, for logs.
    pub fn shown_argv(&self) -> Vec<String> {
        let overrides = self.trace.iter().flat_map(|step| step.shown_to().into_owned());
        self.command.iter().cloned().chain(overrides).collect()
    }
}

/// `said` with [`SECRET`] for `secret`; a short one (a PIN, `1`) only where it is a word.
fn mask(said: &str, secret: &str) -> String {
    const SHORT: usize = 4;
    if secret.len() >= SHORT {
        return said.replace(secret, SECRET);
    }
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (mut masked, mut rest) = (String::new(), said);
    while let Some((before, after)) = rest.split_once(secret) {
        masked.push_str(before);
        let inside = masked.ends_with(word) || after.starts_with(word);
        masked.push_str(if inside { secret } else { SECRET });
        rest = after;
    }
    masked + rest
}

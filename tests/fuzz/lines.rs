//! Whole command lines, put together from pieces of which each is known what it has to become.

use serde_json::{Value, json};

use crate::pieces::{
    APPENDED, Piece, appended, declared_flag, named_as_a_switch, native, own_flag, refused,
    undeclared_flag,
};
use crate::random::Random;

/// A command line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Whether [`DECLARED`] is.
    pub(crate) declared: bool,
    /// What comes before the arguments.
    pub(crate) start: &'static Start,
    pub(crate) pieces: Vec<Piece>,
}

/// The tokens before the arguments, and the command that they are.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) tokens: &'static [&'static str],
    pub(crate) command: &'static [&'static str],
    end: CommandEnd,
}

/// What tells where the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CommandEnd {
    /// Its own words: a script, a module, or that there is no command.
    Known,
    /// A separator: another one may be a value.
    Separator,
    /// Nothing but its single word: a `--` further on could as well be a value.
    OneWord,
    /// Nothing: it is refused, unless the shim knows better and ends it there.
    Unknown,
    /// A separator, with a flag before it that may be a value's: it is refused.
    FlagBefore,
}

/// A command of which all words are its own.
const fn start(tokens: &'static [&'static str], end: CommandEnd) -> Start {
    Start { tokens, command: tokens, end }
}

/// A command with one more word after it, or before it, that is dropped.
const fn around(
    tokens: &'static [&'static str],
    command: &'static [&'static str],
    end: CommandEnd,
) -> Start {
    Start { tokens, command, end }
}

#[rustfmt::skip]
const STARTS: &[Start] = &[
    around(&["--"], &["python3", "main.py"], CommandEnd::Known),
    start(&["python3", "main.py"], CommandEnd::Known),
    around(&["--", "python3", "main.py"], &["python3", "main.py"], CommandEnd::Known),
    around(&["python3", "main.py", "--"], &["python3", "main.py"], CommandEnd::Known),
    start(&["python", "-u", "-W", "ignore", "a/b.py"], CommandEnd::Known),
    start(&["python3.11", "-m", "a.b"], CommandEnd::Known),
    start(&["python3", "-m", "torch.distributed.run", "--nproc_per_node", "2", "main.py"], CommandEnd::Known),
    start(&["python3", "-m", "torch.distributed.launch", "-m", "a.b"], CommandEnd::Known),
    start(&["torchrun", "--nproc_per_node", "2", "main.py"], CommandEnd::Known),
    start(&["torchrun", "--nproc_per_node=2", "-m", "a.b"], CommandEnd::Known),
    start(&["accelerate", "launch", "--num_processes", "2", "main.py"], CommandEnd::Known),
    start(&["uv", "run", "main.py"], CommandEnd::Known),
    start(&["uv", "run", "--", "main.py"], CommandEnd::Known),
    start(&["poetry", "run", "python3", "-m", "a.b"], CommandEnd::Known),
    start(&["env", "A=x.py", "python3", "main.py"], CommandEnd::Known),
    start(&["tini", "--", "python3", "main.py"], CommandEnd::Known),
    around(&["mpirun", "-n", "4", "my-train", "--"], &["mpirun", "-n", "4", "my-train"], CommandEnd::Separator),
    around(&["srun", "--ntasks=2", "my-train", "--"], &["srun", "--ntasks=2", "my-train"], CommandEnd::Separator),
    around(&["timeout", "60", "my-train", "--"], &["timeout", "60", "my-train"], CommandEnd::Separator),
    around(&["uv", "run", "my-train", "--"], &["uv", "run", "my-train"], CommandEnd::Separator),
    around(&["my-train", "--"], &["my-train"], CommandEnd::Separator),
    start(&["my-train"], CommandEnd::OneWord),
    start(&["my-train"], CommandEnd::OneWord),
    start(&["/opt/bin/my-train"], CommandEnd::OneWord),
    start(&["uv", "run", "my-train"], CommandEnd::Unknown),
    start(&["accelerate", "launch", "my-train"], CommandEnd::Unknown),
    start(&["tini", "--", "my-train"], CommandEnd::Unknown),
    start(&["timeout", "60", "my-train"], CommandEnd::Unknown),
    start(&["sh", "train.sh"], CommandEnd::Unknown),
    around(&["my-train", "--note", "--"], &["my-train", "--note"], CommandEnd::FlagBefore),
    around(&["my-train", "++a=1", "--"], &["my-train", "++a=1"], CommandEnd::FlagBefore),
    around(&["my-train", "--config-dir=/x", "--cfg", "job", "--"], &["my-train"], CommandEnd::FlagBefore),
];

/// Whether a line may be refused.
#[derive(Clone, Copy, Debug)]
enum Refused {
    Never,
    /// It arrives or is refused.
    Maybe(&'static str),
    Always(&'static str),
}

impl Line {
    pub(crate) fn new(random: &mut Random) -> Self {
        let declared = random.once_in(2);
        let count = random.number(1..12);
        let (mut pieces, mut after_dashes) = (Vec::new(), false);
        for index in 0..count {
            if index > 0 && random.once_in(25) && !after_dashes {
                after_dashes = true;
                pieces.push(Piece { tokens: vec!["--".to_owned()], ..Piece::default() });
            }
            pieces.push(match random.number(0..26) {
                0..=4 => native(random, index),
                5..=7 => own_flag(random, declared),
                _ if after_dashes => native(random, index),
                8 if random.once_in(4) => refused(random, index),
                9 if random.once_in(4) => named_as_a_switch(random, index, declared),
                10..=17 if declared => declared_flag(random),
                18 if declared && pieces.iter().all(|piece: &Piece| piece.tokens != [APPENDED]) => {
                    appended()
                }
                _ => undeclared_flag(random, index),
            });
        }
        if random.once_in(6) && !after_dashes {
            let texts = vec!["true".to_owned()];
            let setting = Some(("last".to_owned(), "auto", texts));
            pieces.push(Piece { tokens: vec!["--last".to_owned()], setting, ..Piece::default() });
        }
        let has_dashes = pieces.iter().flat_map(|piece| &piece.tokens).any(|token| token == "--");
        // Without a script a separator ends the command of a starter or a launcher, and rightly.
        let start = loop {
            let start = &STARTS[random.number(0..STARTS.len())];
            if !has_dashes || start.end != CommandEnd::Unknown {
                break start;
            }
        };
        Self { declared, start, pieces }
    }

    /// What has to be refused, and what may be.
    fn refused(&self) -> Refused {
        if let Some(rule) = self.pieces.iter().find_map(|piece| piece.rule) {
            return Refused::Always(rule);
        }
        let dashes = self.pieces.iter().position(|piece| piece.tokens == ["--"]);
        let has_dashes = self.arguments().any(|token| token == "--");
        match self.start.end {
            CommandEnd::Separator | CommandEnd::OneWord if has_dashes => {
                return Refused::Maybe("a `--` that may end a command, and may be a value");
            }
            CommandEnd::Known | CommandEnd::Separator | CommandEnd::OneWord => {}
            CommandEnd::Unknown => return Refused::Maybe("no telling where the command ends"),
            CommandEnd::FlagBefore => return Refused::Always("a flag before the separator"),
        }
        if self.pieces.iter().all(|piece| piece.setting.is_none()) {
            return Refused::Never;
        }
        let mut found = Refused::Never;
        for (index, piece) in self.pieces.iter().enumerate().filter(|(_, piece)| piece.is_switch) {
            let next = self.pieces.get(index + 1);
            let value_is_next = next.is_some_and(|next| {
                next.tokens.len() > 1
                    && next.setting.as_ref().is_some_and(|(_, kind, _)| *kind == "auto")
            });
            let open = next
                .is_some_and(|next| next.tokens.len() > 1 || next.is_own_flag && !next.is_switch);
            if dashes.is_some_and(|at| at < index) || next.is_none() && piece.tokens.len() == 1 {
                // After a `--` nothing is the application's own flag.
            } else if piece.tokens.len() > 1 {
                return Refused::Always("a word after --info");
            } else if value_is_next {
                // Read as the value, this flag would leave its own as a word.
            } else if open {
                found = Refused::Maybe("after one of Hydra's switches");
            } else {
                return Refused::Always(
                    "what may be the value of a flag that is named as Hydra's switch",
                );
            }
        }
        found
    }

    /// All of it, as `translate` takes it.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let start = self.start.tokens.iter().map(|token| (*token).to_owned());
        start.chain(self.arguments()).collect()
    }

    fn arguments(&self) -> impl Iterator<Item = String> {
        self.pieces.iter().flat_map(|piece| piece.tokens.clone())
    }

    /// How many values it sends.
    pub(crate) fn size(&self) -> usize {
        self.pieces.iter().filter(|piece| piece.setting.is_some()).count().max(1)
    }

    /// The lines with one piece less.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let without = |index| {
            let mut line = self.clone();
            line.pieces.remove(index);
            line
        };
        let judged = |line: &Self| line.pieces.first().is_some_and(|first| first.tokens != ["--"]);
        (0..self.pieces.len()).map(without).filter(judged).collect()
    }

    /// What it has to become, for the judge.
    pub(crate) fn expectation(&self) -> Value {
        let mut settings: Vec<(String, &'static str, Vec<String>)> = Vec::new();
        for (key, kind, texts) in self.pieces.iter().filter_map(|piece| piece.setting.clone()) {
            match settings.iter_mut().find(|(earlier, ..)| *earlier == key) {
                // Null is not a list: the last counts.
                Some((_, _, all))
                    if kind.starts_with("many")
                        && !(kind == "many" && (*all == ["null"] || texts == ["null"])) =>
                {
                    all.extend(texts);
                }
                Some(earlier) => *earlier = (key, kind, texts),
                None => settings.push((key, kind, texts)),
            }
        }
        let mut natives: Vec<_> =
            self.pieces.iter().filter_map(|piece| piece.native.clone()).collect();
        if self.declared && natives.iter().all(|(_, _, native)| native != APPENDED) {
            natives.extend(appended().native);
        }
        let own = self.pieces.iter().filter(|piece| piece.is_own_flag);
        let own: Vec<_> = own.flat_map(|piece| piece.tokens.clone()).collect();
        let (rule, lenient) = match self.refused() {
            Refused::Never => (None, None),
            Refused::Maybe(why) => (None, Some(why)),
            Refused::Always(rule) => (Some(rule), None),
        };
        json!({"settings": settings, "natives": natives, "own": own, "rule": rule, "lenient": lenient})
    }
}
